// What every frame to an Action Cable client must look like (anycable sheet §6.2, traps 10, 15, 20, 21 and 28).

import { isObject, only, opened, refusal } from "./shape.mjs";

/** The parsed frame, or an error that names the rule it breaks. */
export function lint(text, { first = false } = {}) {
  const { frame, breaks } = opened(text);
  if (first && !["welcome", "disconnect"].includes(frame.type)) breaks("welcome or disconnect come first");
  if ("type" in frame) {
    const shape = SHAPES[frame.type];
    if (!shape) breaks("a type that clients know");
    shape(frame, breaks);
  } else {
    data(frame, breaks);
  }
  return frame;
}

function data(frame, breaks) {
  if (typeof frame.identifier !== "string" || !("message" in frame)) breaks("data has an identifier and a message");
  only(frame, ["identifier", "message", "stream_id", "epoch", "offset"], breaks);
  const position = ["stream_id", "epoch", "offset"].filter((name) => name in frame);
  if (position.length === 0) return;
  if (position.length < 3) breaks("a position is whole or not there");
  if (typeof frame.stream_id !== "string" || typeof frame.epoch !== "string" || frame.epoch === "" || frame.epoch.includes("/")) breaks("stream_id and epoch are texts");
  if (!Number.isSafeInteger(frame.offset) || frame.offset < 1) breaks("offset is a whole number from 1");
}

const ofSubscription = (frame, breaks) => {
  if (typeof frame.identifier !== "string") breaks("identifier is a string");
  only(frame, ["type", "identifier"], breaks);
};

const SHAPES = {
  welcome(frame, breaks) {
    only(frame, ["type", "sid", "restored", "restored_ids"], breaks);
    if (!/^[\w-]{21}$/.test(frame.sid)) breaks("a sid is 21 characters");
    if ("restored" in frame !== "restored_ids" in frame) breaks("restored comes with restored_ids");
    if ("restored" in frame && (frame.restored !== true || !Array.isArray(frame.restored_ids))) breaks("restored_ids is an array");
  },
  ping(frame, breaks) {
    only(frame, ["type", "message"], breaks);
    if (typeof frame.message !== "number") breaks("message of a ping is a number");
  },
  pong: (frame, breaks) => only(frame, ["type"], breaks),
  disconnect(frame, breaks) {
    only(frame, ["type", "reason", "reconnect", "refusal"], breaks);
    refusal(frame, breaks);
    if (typeof frame.reason !== "string" || typeof frame.reconnect !== "boolean") breaks("reason and reconnect are always there");
  },
  confirm_subscription: ofSubscription,
  reject_subscription: ofSubscription,
  confirm_history: ofSubscription,
  reject_history: ofSubscription,
  presence(frame, breaks) {
    only(frame, ["type", "identifier", "message"], breaks);
    if (!isObject(frame.message)) breaks("message of presence is an object");
    const { type, id, total, records } = frame.message;
    if (["join", "leave"].includes(type)) return typeof id !== "string" && breaks("an id is a string");
    if (!["info", "error"].includes(type) || !Number.isInteger(total)) breaks("a set has a type and a total");
    if (records && (records.length !== total || total === 0)) breaks("records are as many as total, and left out when none");
  },
};
