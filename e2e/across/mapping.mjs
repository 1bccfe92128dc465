// What a message of one dialect is in the others: the table of docs/dialects.md, in a test's own words.

import { rawMember } from "../harness/json.mjs";

/** An event as Pusher and Relay publish it: a name, and data that is a text. */
export const named = (name, data) => ({ name, data });

/** A value as AnyCable and Metered publish it: JSON, byte for byte. */
export const value = (raw) => ({ raw });

/** What Pusher and Relay clients get: the event's name and the text of its data. */
export function asEvent(message) {
  if ("name" in message) return [message.name, message.data];
  const name = nameIn(message.raw);
  if (name === undefined) return ["message", message.raw];
  const data = rawMember(message.raw, "data") ?? '""';
  return [name, data.startsWith('"') ? JSON.parse(data) : data];
}

/** What AnyCable and Metered clients get: the raw JSON of the message. */
export function asValue(message, channel) {
  if ("raw" in message) return message.raw;
  const members = [["event", message.name], ...(message.name.startsWith("client-") ? [["channel", channel]] : []), ["data", message.data]];
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`).join(",")}}`;
}

function nameIn(raw) {
  if (!raw.startsWith("{")) return undefined;
  const { event } = JSON.parse(raw);
  const isReserved = /^(pusher|pusher_internal|relay):/.test(event);
  return typeof event === "string" && event !== "" && !isReserved && !event.startsWith("client-") ? event : undefined;
}
