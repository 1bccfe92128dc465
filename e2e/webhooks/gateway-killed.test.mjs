// The gateway is killed, or tells while nobody listens: what it kept is told once, and nothing stands for ever.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { givenApp } from "../harness/apps.mjs";
import { givenHook } from "../harness/hooks.mjs";
import { givenAccount } from "../harness/management.mjs";
import { rawClient } from "../harness/raw.mjs";
import { eventsOf, givenSink } from "../harness/sinks.mjs";
import { lifetime, ownStack } from "../harness/stack.mjs";
import { EVERYTHING_ON } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

const ANN = { user_id: "ann" };
const BOB = { user_id: "bob" };

describe("what a gateway was to tell", { timeout: 180000 }, () => {
  const life = lifetime();
  let stack, account;
  before(async () => {
    stack = await ownStack(life);
    account = await givenAccount(stack);
  });

  async function heardApp(t) {
    const app = await givenApp(account, { settings: EVERYTHING_ON });
    const sink = await givenSink(t);
    await givenHook(app, sink);
    // The feed keeps the order of commits: where a later key is known, the endpoint is too.
    await app.givenKey({ actions: ["channels.read"], name: "settled" });
    const words = ({ name, user_id }) => (user_id ? `${name} ${user_id}` : name);
    return { app, told: (channel) => eventsOf(sink).filter((event) => event.channel === channel).map(words) };
  }

  async function comes(t, app, channel, member) {
    const client = await rawClient(t, app);
    await client.subscribe(channel, { member });
    return client;
  }

  test("after kill -9 what is not there again is over, and what is there again stands", async (t) => {
    const { app, told } = await heardApp(t);
    await comes(t, app, "gone");
    await comes(t, app, "stays");
    await comes(t, app, "presence-room", ANN);
    await comes(t, app, "presence-room", BOB);
    await until("told", () => told("gone").length === 1 && told("stays").length === 1 && told("presence-room").length === 3);
    await stack.kill("gateway");
    await stack.start("gateway");
    await comes(t, app, "stays");
    await comes(t, app, "presence-room", ANN);
    await until("it is over", () => told("gone").length === 2 && told("presence-room").length === 4, { within: 15000 });
    await sleep(2000);
    assert.deepEqual(told("gone"), ["channel_occupied", "channel_vacated"]);
    assert.deepEqual(told("stays"), ["channel_occupied"]);
    assert.deepEqual(told("presence-room").slice(3), ["member_removed bob"]);
  });

  test("what happened while the control plane was away is told in order, also by a gateway that was killed meanwhile", async (t) => {
    const { app, told } = await heardApp(t);
    await comes(t, app, "anchor");
    await until("told", () => told("anchor").length === 1);
    await stack.kill("control_plane");
    const client = await comes(t, app, "presence-room", ANN);
    await comes(t, app, "presence-room", BOB);
    client.drop();
    await sleep(4000);
    await stack.kill("gateway");
    await stack.start("gateway");
    await sleep(4000);
    await stack.start("control_plane");
    await until("all is told", () => told("presence-room").length === 6, { within: 30000 });
    const expected = ["channel_occupied", "member_added ann", "member_added bob", "member_removed ann", "member_removed bob", "channel_vacated"];
    assert.deepEqual(told("presence-room"), expected);
  });
});
