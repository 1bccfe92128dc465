// What every frame to a client must look like so that no official SDK trips over it (protocol sheet 2.4, 12.1, 20.7).

import { isObject, only, opened } from "./shape.mjs";

const MEMBERS = ["event", "channel", "data", "user_id"];
const DATA_IS_AN_OBJECT = new Set(["pusher:error", "pusher:signin_success", "pusher:ping", "pusher:pong"]);

/** The parsed frame, or an error that names the rule it breaks. */
export function lint(text, { first = false } = {}) {
  const { frame, breaks } = opened(text);
  only(frame, MEMBERS, breaks);
  for (const [name, value] of Object.entries(frame)) if (value === null) breaks(`${name} is never null`);
  if (typeof frame.event !== "string") breaks("event is a string");
  if (first && !["pusher:connection_established", "pusher:error"].includes(frame.event)) breaks("the first frame tells of the connection");
  if ("channel" in frame) {
    if (typeof frame.channel !== "string") breaks("channel is a string");
    if (typeof frame.data !== "string") breaks("data of a channel frame is a string");
  }
  if ("user_id" in frame && typeof frame.user_id !== "string") breaks("user_id is a string");
  if (DATA_IS_AN_OBJECT.has(frame.event) && !isObject(frame.data)) breaks("data is an object here");
  SHAPES[frame.event]?.(frame, breaks);
  return frame;
}

const SHAPES = {
  "pusher:connection_established"(frame, breaks) {
    if ("channel" in frame) breaks("no channel in the first frame");
    if (typeof frame.data !== "string") breaks("data is a JSON string here");
    const { socket_id, activity_timeout } = JSON.parse(frame.data);
    if (!/^\d{1,10}\.\d{1,10}$/.test(socket_id)) breaks("a socket id is digits.digits");
    if (!Number.isInteger(activity_timeout) || activity_timeout < 1) breaks("activity_timeout is a number of seconds");
  },
  "pusher:error"({ data }, breaks) {
    if (typeof data.message !== "string" || data.message === "") breaks("an error has a message");
    if (data.code !== null && !Number.isInteger(data.code)) breaks("an error code is a number or null");
  },
  "pusher:signin_success"({ data }, breaks) {
    if (typeof data.user_data !== "string") breaks("user_data is the string that was sent");
  },
  "pusher_internal:subscription_succeeded"({ channel, data }, breaks) {
    if (!channel.startsWith("presence-")) return data === "{}" || breaks('data is "{}"');
    const { count, ids, hash } = JSON.parse(data).presence;
    if (!Array.isArray(ids) || !isObject(hash)) breaks("ids is an array, hash an object");
    if (ids.some((id) => typeof id !== "string")) breaks("ids are strings");
    if (count !== ids.length || ids.length !== Object.keys(hash).length || ids.some((id) => !(id in hash))) breaks("count, ids and hash agree");
  },
  "pusher_internal:member_added"({ data }, breaks) {
    const member = JSON.parse(data);
    if (typeof member.user_id !== "string" || !("user_info" in member)) breaks("a member has a user_id and a user_info");
  },
  "pusher_internal:member_removed"({ data }, breaks) {
    if (typeof JSON.parse(data).user_id !== "string") breaks("a member has a user_id");
  },
  "pusher_internal:subscription_count"({ channel, data }, breaks) {
    if (channel.startsWith("presence-")) breaks("no counts on presence channels");
    if (!Number.isInteger(JSON.parse(data).subscription_count)) breaks("a count is a number");
  },
  "pusher_internal:watchlist_events"(frame, breaks) {
    if ("channel" in frame) breaks("no channel in watchlist frames");
    for (const { name, user_ids } of JSON.parse(frame.data).events) {
      if (!["online", "offline"].includes(name) || user_ids.length === 0) breaks("online or offline, and never an empty group");
    }
  },
  "pusher:cache_miss"({ data }, breaks) {
    if (data !== "{}") breaks('data is "{}"');
  },
};
