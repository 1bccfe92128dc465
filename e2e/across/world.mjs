// One channel of one app, with a subscriber of every kind and a publisher of every kind.

import { connected, subscribed } from "../harness/browsers.mjs";
import { anycable, BASE, cableUrl, created, EXT, publicId, rails, signedId, streaming } from "../harness/cable.mjs";
import { rawMember } from "../harness/json.mjs";
import { peerToken, signalling } from "../harness/metered.mjs";
import { rawClient } from "../harness/raw.mjs";
import { relayClient } from "../harness/relay.mjs";
import { until } from "../harness/until.mjs";
import { asEvent, asValue, named, value } from "./mapping.mjs";

/** Subscribers of `channel`, by name. `heard()` is what each got so far; `expects` says what it gets of a message. */
export async function subscribers(t, app, tokenKey, channel) {
  const isPrivate = channel.startsWith("private-");
  const signed = isPrivate ? app.signedStream(channel) : undefined;
  const identifier = isPrivate ? signedId(signed) : publicId(channel);

  const pusher = await connected(t, app);
  const viaPusherJs = [];
  (await subscribed(pusher, channel)).bind_global((event, data) => viaPusherJs.push([event, data]));

  const raw = await rawClient(t, app);
  await raw.subscribe(channel);

  const relay = await relayClient(t, app);
  const onRelay = await relay.subscribed(channel);

  const [base, ext] = await Promise.all(
    [BASE, EXT].map(async (protocol) => {
      const cable = anycable(t, app, { protocol });
      cable.channel = await streaming(cable, signed ?? channel, { signed: isPrivate });
      return cable;
    }),
  );
  const consumer = rails(t, cableUrl(app));
  const subscription = created(consumer, JSON.parse(identifier));
  await until("the Rails client is subscribed", () => subscription.told.connected.length === 1);
  const messages = (cable) =>
    cable.record.texts
      .filter((text) => {
        const frame = JSON.parse(text);
        return frame.identifier === identifier && !("type" in frame);
      })
      .map((text) => rawMember(text, "message"));

  const peer = await signalling(t, app, isPrivate ? { token: peerToken(tokenKey, "m1", { channels: [channel] }) } : { key: (await app.givenPublishableKey()).key });
  await peer.subscribe(channel);
  const values = () => peer.record.texts.filter((text) => JSON.parse(text).type === "message").map((text) => rawMember(text, "data"));

  const isOurs = ([event]) => !/^(pusher|pusher_internal|relay):/.test(event);
  const all = {
    "pusher-js": { client: pusher, heard: () => viaPusherJs.filter(isOurs), expects: (message) => decoded(asEvent(message)) },
    Pusher: { client: raw, heard: () => raw.frames.map(({ event, data }) => [event, data]).filter(isOurs), expects: asEvent },
    Relay: { client: relay, heard: () => onRelay.heard.map(({ event, text }) => [event, text]).filter(isOurs), expects: asEvent },
    "AnyCable base": { client: base, heard: () => messages(base), expects: (message) => asValue(message, channel) },
    "AnyCable ext": { client: ext, heard: () => messages(ext), expects: (message) => asValue(message, channel) },
    "Action Cable": { client: consumer, heard: () => messages(consumer), expects: (message) => asValue(message, channel) },
    Metered: { client: peer, heard: values, expects: (message) => asValue(message, channel) },
  };
  return { all, identifier, isPrivate };
}

const BIG = '{"n":12345678901234567890,"f":1.0,"b":1,"a":2}';
const TEXTS = [named("news", BIG), named("plain", "no JSON at all"), named("empty", ""), named("quoted", '"é" \\ / <&> \t 😀')];
const VALUES = [
  BIG,
  '{"event":"news","data":"a text"}',
  `{"data":${BIG},"event":"news"}`,
  '{"event":"alone"}',
  '{"event":"pusher:ping","data":"forged"}',
  '{"event":"client-x","data":"forged"}',
  '{"event":7}',
  '"a text"',
  "[1,2.50]",
  "12345678901234567890",
].map(value);
const CLIENT_EVENTS = [named("client-typing", '{"on":true,"n":1.0}'), named("client-text", "no JSON")];

/** Every way to publish. `sender` is the subscriber whose connection it goes out on; it gets nothing back. */
export const PUBLISHERS = [
  {
    what: "Pusher HTTP",
    messages: TEXTS,
    publish: ({ app, channel }, { name, data }) => ok(app.post("/events", { name, channel, data }), 200),
  },
  {
    what: "Relay HTTP",
    messages: TEXTS,
    publish: ({ app, channel }, { name, data }) => ok(app.relay("POST", "/events", { event: name, channel, data }), 200),
  },
  {
    what: "AnyCable /api/publish",
    messages: VALUES,
    publish: ({ app, channel }, { raw }) => ok(app.cable("POST", "/api/publish", { stream: channel, data: raw }), 201),
  },
  {
    what: "AnyCable /_broadcast",
    messages: VALUES.slice(0, 3),
    publish: ({ app, channel }, { raw }) => ok(app.cable("POST", "/_broadcast", { stream: channel, data: raw }), 201),
  },
  {
    what: "Metered REST",
    messages: [...VALUES, value("null")],
    publish: ({ app, tokenKey, channel }, { raw }) => ok(app.metered(tokenKey.pair, "POST", `/channels/${channel}/publish`, `{"data":${raw}}`), 200),
  },
  {
    what: "a Pusher client event",
    sender: "Pusher",
    onlyPrivate: true,
    messages: CLIENT_EVENTS,
    publish: ({ all, channel }, { name, data }) => all.Pusher.client.send({ event: name, channel, data }),
  },
  {
    what: "a Relay client event",
    sender: "Relay",
    onlyPrivate: true,
    messages: CLIENT_EVENTS,
    publish: ({ all, channel }, { name, data }) => all.Relay.client.record.send(JSON.stringify({ event: name, channel, data })),
  },
  {
    what: "an AnyCable whisper, base",
    sender: "AnyCable base",
    messages: VALUES.slice(0, 4),
    publish: ({ all, identifier }, { raw }) => whisper(all["AnyCable base"].client, identifier, raw),
  },
  {
    what: "an AnyCable whisper, ext",
    sender: "AnyCable ext",
    messages: VALUES.slice(0, 4),
    publish: ({ all, identifier }, { raw }) => whisper(all["AnyCable ext"].client, identifier, raw),
  },
  {
    what: "a Metered publish",
    sender: "Metered",
    messages: [...VALUES, value("null")],
    publish: ({ all, channel }, { raw }) => all.Metered.client.record.send(`{"type":"publish","channel":${JSON.stringify(channel)},"data":${raw}}`),
  },
];

function whisper(cable, identifier, raw) {
  cable.record.send(`{"command":"whisper","identifier":${JSON.stringify(identifier)},"data":${raw}}`);
}

async function ok(answer, status) {
  const { status: got, text } = await answer;
  if (got !== status) throw new Error(`answered ${got}: ${text}`);
}

/** What pusher-js makes of data: the value of JSON, any other text as it is. */
function decoded([event, data]) {
  try {
    return [event, JSON.parse(data)];
  } catch {
    return [event, data];
  }
}
