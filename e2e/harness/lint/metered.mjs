// What every frame to a Metered client must look like, or its SDK drops it in silence (metered sheet §5.2).

import { isObject, only, opened, refusal } from "./shape.mjs";

/** The parsed frame, or an error that names the rule it breaks. */
export function lint(text, { first = false } = {}) {
  const { frame, breaks } = opened(text);
  if (first && frame.type !== "welcome") breaks("welcome comes first");
  if (!first && frame.type === "welcome") breaks("one welcome");
  const shape = SHAPES[frame.type];
  if (!shape) breaks("a type that the SDK knows");
  shape(frame, breaks);
  return frame;
}

const requestId = ({ requestId }, breaks) => requestId !== undefined && typeof requestId !== "string" && breaks("requestId is a string");

const SHAPES = {
  welcome(frame, breaks) {
    only(frame, ["type", "peerId", "expiresAt", "serverTime", "maxMessageSize", "metadata"], breaks);
    if (typeof frame.peerId !== "string" || frame.peerId === "") breaks("peerId is a string");
    if (frame.expiresAt !== null && !Number.isInteger(frame.expiresAt)) breaks("expiresAt is there, a number or null");
    if (!Number.isInteger(frame.serverTime) || !Number.isInteger(frame.maxMessageSize) || frame.maxMessageSize <= 0) breaks("serverTime and maxMessageSize are numbers");
    if ("metadata" in frame && !isObject(frame.metadata)) breaks("metadata is an object");
  },
  ack(frame, breaks) {
    only(frame, ["type", "requestId"], breaks);
    if (typeof frame.requestId !== "string") breaks("an ack has a requestId");
  },
  error(frame, breaks) {
    only(frame, ["type", "requestId", "code", "message", "refusal"], breaks);
    refusal(frame, breaks);
    requestId(frame, breaks);
    if (typeof frame.code !== "string" || frame.code === "") breaks("an error has a code");
    if ("message" in frame && typeof frame.message !== "string") breaks("message is a string");
  },
  message(frame, breaks) {
    only(frame, ["type", "channel", "from", "data", "fromMetadata"], breaks);
    if (typeof frame.channel !== "string") breaks("channel is a string");
    payload(frame, breaks);
  },
  direct(frame, breaks) {
    only(frame, ["type", "from", "data", "fromMetadata"], breaks);
    payload(frame, breaks);
  },
  presence(frame, breaks) {
    only(frame, ["type", "channel", "joined", "left"], breaks);
    if (typeof frame.channel !== "string" || !Array.isArray(frame.joined) || !Array.isArray(frame.left)) breaks("joined and left are always there");
    for (const peer of [...frame.joined, ...frame.left]) {
      if (!isObject(peer) || typeof peer.peerId !== "string") breaks("a peer is an object with a peerId");
      only(peer, ["peerId", "metadata"], breaks);
      if ("metadata" in peer && !isObject(peer.metadata)) breaks("metadata is an object");
    }
  },
  going_away(frame, breaks) {
    only(frame, ["type", "retryAfterMs"], breaks);
    if (!Number.isInteger(frame.retryAfterMs) || frame.retryAfterMs < 0) breaks("retryAfterMs is a number");
  },
  pong(frame, breaks) {
    only(frame, ["type", "requestId"], breaks);
    requestId(frame, breaks);
  },
};

function payload(frame, breaks) {
  if (typeof frame.from !== "string" || !("data" in frame)) breaks("from is a string, data is there");
  if ("fromMetadata" in frame && !isObject(frame.fromMetadata)) breaks("fromMetadata is an object");
}
