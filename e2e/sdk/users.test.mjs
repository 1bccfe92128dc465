// Sign-in, events to a user, watchlists, ending a user's connections.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { EVERYTHING_ON, givenSuite, serverSdk } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("users", () => {
  let suite, app, sdk;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: EVERYTHING_ON });
    sdk = serverSdk(app);
  });

  async function signedIn(t, user) {
    const pusher = await connected(t, app, { user });
    pusher.signin();
    await until(`${user.id} is signed in`, () => pusher.user.user_data && pusher.user.serverToUserChannel?.subscribed);
    return pusher;
  }

  test("pusher-js signs in and gets back what the server signed", async (t) => {
    const user = { id: "ann", user_info: { name: "Ann" }, anything: [1, "two"] };
    const pusher = await signedIn(t, user);
    assert.deepEqual(pusher.user.user_data, user);
  });

  test("events to a user arrive over both routes at all of the user's connections", async (t) => {
    const tabs = [await signedIn(t, { id: "bea" }), await signedIn(t, { id: "bea" })];
    const stranger = heard((await signedIn(t, { id: "bob" })).user, "note");
    const notes = tabs.map((tab) => heard(tab.user, "note"));
    assert.equal((await sdk.sendToUser("bea", "note", { by: "channel" })).status, 200);
    assert.deepEqual((await app.post("/users/bea/events", { name: "note", data: '{"by":"route"}' })).json, {});
    for (const { count } of notes) {
      assert.deepEqual((await count(2)).map(({ data }) => data), [{ by: "channel" }, { by: "route" }]);
    }
    assert.equal(stranger.calls.length, 0);
  });

  test("they arrive even before the user's own channel is subscribed", async (t) => {
    const client = await rawClient(t, app);
    await client.signIn({ id: "early" });
    await app.post("/users/early/events", { name: "note", data: "1" });
    assert.deepEqual(await client.next("note"), { event: "note", channel: "#server-to-user-early", data: "1" });
    await client.subscribe("#server-to-user-early");
  });

  test("user channels are not listed", async (t) => {
    await signedIn(t, { id: "hidden" });
    assert.deepEqual(Object.keys((await app.get("/channels")).json.channels).filter((name) => name.startsWith("#")), []);
  });

  const REFUSED = [
    ["a wrong signature", (client) => ({ ...app.authenticate(client.socketId, { id: "x" }), auth: `${app.key}:${"0".repeat(64)}` })],
    ["a signature for another socket", () => app.authenticate("1.1", { id: "x" })],
    ["no auth", (client) => ({ user_data: app.authenticate(client.socketId, { id: "x" }).user_data })],
    ["a numeric id", (client) => app.authenticate(client.socketId, { id: 7 })],
    ["an empty id", (client) => app.authenticate(client.socketId, { id: "" })],
    ["no id", (client) => app.authenticate(client.socketId, {})],
    ["user_data that is not JSON", (client) => app.authenticate(client.socketId, "ann")],
  ];
  for (const [why, data] of REFUSED) {
    test(`sign-in with ${why} is refused with a frame alone`, async (t) => {
      const client = await rawClient(t, app);
      client.send({ event: "pusher:signin", data: data(client) });
      const error = await client.next("pusher:error");
      assert.equal(error.data.code, null);
      assert.match(error.data.message, /^Sign-in failed:/);
      await client.staysOpen();
    });
  }

  test("signing in again as the same user is fine, as another is not", async (t) => {
    const client = await rawClient(t, app);
    await client.signIn({ id: "same" });
    await client.signIn({ id: "same", user_info: { n: 2 } });
    client.send({ event: "pusher:signin", data: app.authenticate(client.socketId, { id: "other" }) });
    assert.equal((await client.next("pusher:error")).data.code, null);
    await app.post("/users/same/events", { name: "still", data: "1" });
    await client.next("still");
  });

  test("nobody else's user channel can be subscribed to", async (t) => {
    const client = await rawClient(t, app);
    await client.signIn({ id: "me" });
    for (const channel of ["#server-to-user-you", "#server-to-user-", "#other"]) {
      client.send({ event: "pusher:subscribe", data: { channel, auth: "" } });
      const refusal = await client.next("pusher:subscription_error");
      assert.equal(refusal.channel, channel);
      assert.equal((await client.next("pusher:error")).data.code, null);
    }
    await client.staysOpen();
  });

  test("a signed-in user joins presence without channel_data", async (t) => {
    const client = await rawClient(t, app);
    await client.signIn({ id: "signed", user_info: { name: "S" } });
    const succeeded = await client.subscribe("presence-signed");
    assert.deepEqual(JSON.parse(succeeded.data).presence.hash, { signed: { name: "S" } });
  });

  test("a watchlist tells who is online, at once and later", async (t) => {
    await signedIn(t, { id: "friend-1" });
    const watcher = await connected(t, app, { user: { id: "watcher", watchlist: ["friend-1", "friend-2"] } });
    const [online, offline] = [heard(watcher.user.watchlist, "online"), heard(watcher.user.watchlist, "offline")];
    watcher.signin();
    assert.deepEqual((await online.first()).data.user_ids, ["friend-1"]);
    assert.deepEqual((await offline.first()).data.user_ids, ["friend-2"]);

    const two = await signedIn(t, { id: "friend-2" });
    assert.deepEqual((await online.count(2))[1].data.user_ids, ["friend-2"]);
    two.disconnect();
    await sleep(1500);
    assert.equal(offline.calls.length, 1, "a quick reconnect would not have been seen");
    assert.deepEqual((await offline.count(2, { within: 5000 }))[1].data.user_ids, ["friend-2"]);
  });

  test("a reconnect within three seconds is not seen by watchers", async (t) => {
    const watcher = await rawClient(t, app);
    const friend = await rawClient(t, app);
    await friend.signIn({ id: "blinking" });
    await watcher.signIn({ id: "w2", watchlist: ["blinking"] });
    await watcher.next("pusher_internal:watchlist_events");
    await friend.close();
    const back = await rawClient(t, app);
    await back.signIn({ id: "blinking" });
    await sleep(3600);
    assert.deepEqual(await watcher.settle(), []);
  });

  test("a watchlist over 100 signs in, and is told so with 4302", async (t) => {
    const client = await rawClient(t, app);
    await client.signIn({ id: "long", watchlist: Array.from({ length: 101 }, (_, n) => `nobody-${n}`) });
    assert.equal((await client.next("pusher:error")).data.code, 4302);
    const { events } = JSON.parse((await client.next("pusher_internal:watchlist_events")).data);
    assert.deepEqual(events.map(({ name, user_ids }) => [name, user_ids.length]), [["offline", 100]]);
  });

  test("terminate closes exactly the user's connections, with 4200", async (t) => {
    const [tab1, tab2, other] = [await rawClient(t, app), await rawClient(t, app), await rawClient(t, app)];
    await tab1.signIn({ id: "banned" });
    await tab2.signIn({ id: "banned" });
    await other.signIn({ id: "innocent" });
    await other.subscribe("presence-terminated", { member: { user_id: "banned" } });
    assert.equal((await sdk.terminateUserConnections("banned")).status, 200);
    for (const tab of [tab1, tab2]) {
      assert.equal((await tab.next("pusher:error")).data.code, 4200);
      assert.equal((await tab.closing()).code, 4200);
    }
    await other.staysOpen();
    assert.deepEqual((await app.post("/users/nobody/terminate_connections", {})).json, {});
  });

  test("the close code of terminate is the app's choice", async (t) => {
    const strict = await suite.givenApp({ settings: { terminate_code: 4009 } });
    const client = await rawClient(t, strict);
    await client.signIn({ id: "banned" });
    await strict.post("/users/banned/terminate_connections", {});
    assert.equal((await client.closing()).code, 4009);
  });
});
