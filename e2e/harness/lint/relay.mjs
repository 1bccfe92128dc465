// What every frame to a Relay client must look like (relay sheet §4.2, traps 2 to 5 and 7).

import { isObject, only, opened } from "./shape.mjs";

const SYSTEM_MEMBERS = ["event", "channel", "data"];

/** The parsed frame, or an error that names the rule it breaks. */
export function lint(text, { first = false } = {}) {
  const { frame, breaks } = opened(text);
  if (typeof frame.event !== "string") breaks("event is a string");
  if (/^pusher(_internal)?:/.test(frame.event)) breaks("a Relay client is spoken to in Relay's words");
  if (first && !["relay:connection_established", "relay:error"].includes(frame.event)) breaks("the first frame tells of the connection");
  if (frame.event.startsWith("relay:")) {
    only(frame, SYSTEM_MEMBERS, breaks);
    const shape = SHAPES[frame.event];
    if (!shape) breaks("an event that relay-js knows");
    shape(frame, breaks);
  } else {
    only(frame, [...SYSTEM_MEMBERS, "user_id"], breaks);
    if (typeof frame.channel !== "string") breaks("a published event names its channel");
    if (typeof frame.data !== "string") breaks("data of a published event is a string");
  }
  return frame;
}

const SHAPES = {
  "relay:connection_established"({ channel, data }, breaks) {
    if (channel !== undefined) breaks("no channel in the first frame");
    if (!isObject(data)) breaks("data is an object here");
    if (!/^\d{1,10}\.\d{1,10}$/.test(data.socket_id)) breaks("a socket id is digits.digits");
    if (!Number.isInteger(data.activity_timeout) || data.activity_timeout < 1) breaks("activity_timeout is a number of seconds");
  },
  "relay:subscription_succeeded"({ channel, data }, breaks) {
    if (typeof channel !== "string") breaks("channel is a string");
    if (!isObject(data)) breaks("data is an object");
    if (!channel.startsWith("presence-")) return Object.keys(data).length > 0 && breaks("data is {}");
    const { count, ids, hash } = data.presence;
    if (!Array.isArray(ids) || !isObject(hash)) breaks("ids is an array, hash an object");
    if (count !== ids.length || ids.length !== Object.keys(hash).length) breaks("count, ids and hash agree");
    for (const id of ids) {
      if (!(id in hash)) breaks("hash is keyed by the text of each id");
      member(hash[id], breaks);
      if (hash[id].id !== id) breaks("a member's id is the id of the list, type included");
    }
  },
  "relay:member_added": joinOrLeave,
  "relay:member_removed": joinOrLeave,
  "relay:pong"({ channel, data }, breaks) {
    if (channel !== undefined) breaks("no channel in a pong");
    if (data !== undefined && data !== null && !isObject(data)) breaks("data of a pong is nothing or an object");
  },
  "relay:error"({ data }, breaks) {
    if (!isObject(data) || !Number.isInteger(data.code) || typeof data.message !== "string" || !data.message) breaks("an error has a code and a message");
  },
};

function joinOrLeave({ channel, data }, breaks) {
  if (typeof channel !== "string" || !channel.startsWith("presence-")) breaks("members are of presence channels");
  if (!isObject(data)) breaks("data is an object");
  member(data, breaks);
}

function member(value, breaks) {
  if (!isObject(value)) breaks("a member is an object");
  only(value, ["id", "user_info", "info"], breaks);
  if (!["string", "number"].includes(typeof value.id)) breaks("a member's id is a string or a number");
  if (JSON.stringify(value.user_info) !== JSON.stringify(value.info)) breaks("user_info and info are the same");
}
