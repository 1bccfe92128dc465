import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { body, EVERYTHING_ON, givenSuite, serverSdk } from "../harness/suite.mjs";
import { sleep, until } from "../harness/until.mjs";

const ANN = { user_id: "ann", user_info: { name: "Ann" } };
const BEA = { user_id: "bea", user_info: { name: "Bea" } };

describe("presence", () => {
  let app, sdk;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: EVERYTHING_ON });
    sdk = serverSdk(app);
  });

  test("members see each other come and go", async (t) => {
    const ann = await connected(t, app, { member: ANN });
    const room = await subscribed(ann, "presence-a");
    assert.equal(room.members.count, 1);
    assert.deepEqual(room.members.me, { id: "ann", info: { name: "Ann" } });

    const [added, removed] = [heard(room, "pusher:member_added"), heard(room, "pusher:member_removed")];
    const bea = await connected(t, app, { member: BEA });
    const sameRoom = await subscribed(bea, "presence-a");
    assert.deepEqual(Object.keys(sameRoom.members.members).sort(), ["ann", "bea"]);
    assert.deepEqual((await added.first()).data, { id: "bea", info: { name: "Bea" } });
    assert.equal(room.members.count, 2);

    bea.disconnect();
    assert.equal((await removed.first()).data.id, "bea");
    assert.equal(room.members.count, 1);
  });

  test("two tabs of one user are one member", async (t) => {
    const watcher = await connected(t, app, { member: BEA });
    const room = await subscribed(watcher, "presence-tabs");
    const [added, removed] = [heard(room, "pusher:member_added"), heard(room, "pusher:member_removed")];
    const tabs = [await connected(t, app, { member: ANN }), await connected(t, app, { member: ANN })];
    for (const tab of tabs) assert.equal((await subscribed(tab, "presence-tabs")).members.count, 2);

    const counts = await body(sdk.get({ path: "/channels/presence-tabs", params: { info: "user_count,subscription_count" } }));
    assert.deepEqual(counts, { occupied: true, user_count: 2, subscription_count: 3 });
    const { users } = await body(sdk.get({ path: "/channels/presence-tabs/users" }));
    assert.deepEqual(users.map(({ id }) => id).sort(), ["ann", "bea"]);

    tabs[0].disconnect();
    await until("the first tab is gone", async () => (await occupancy("presence-tabs")).subscription_count === 2);
    await sleep(100);
    assert.deepEqual([added.calls.length, removed.calls.length], [1, 0]);
    tabs[1].unsubscribe("presence-tabs");
    assert.equal((await removed.first()).data.id, "ann");
    await sleep(100);
    assert.deepEqual([added.calls.length, removed.calls.length], [1, 1]);
  });

  const occupancy = (channel) => body(sdk.get({ path: `/channels/${channel}`, params: { info: "user_count,subscription_count" } }));

  test("a numeric user id becomes a string, its info passes unchanged", async (t) => {
    const watcher = await rawClient(t, app);
    await watcher.subscribe("presence-n", { member: { user_id: "w" } });
    const other = await rawClient(t, app);
    const succeeded = await other.subscribe("presence-n", { member: { user_id: 10, user_info: true } });
    assert.deepEqual(JSON.parse(succeeded.data), { presence: { count: 2, ids: ["w", "10"], hash: { w: {}, 10: true } } });
    const added = await watcher.next("pusher_internal:member_added");
    assert.deepEqual(JSON.parse(added.data), { user_id: "10", user_info: true });
  });

  test("the newcomer does not hear of itself, nobody hears before being in", async (t) => {
    const one = await rawClient(t, app);
    await one.subscribe("presence-order", { member: ANN });
    const frames = await one.settle();
    assert.deepEqual(frames, []);
  });

  test("closing and reopening shows both to the others", async (t) => {
    const watcher = await connected(t, app, { member: BEA });
    const room = await subscribed(watcher, "presence-reload");
    const [added, removed] = [heard(room, "pusher:member_added"), heard(room, "pusher:member_removed")];
    const page = await connected(t, app, { member: ANN });
    await subscribed(page, "presence-reload");
    page.disconnect();
    await removed.first();
    await subscribed(await connected(t, app, { member: ANN }), "presence-reload");
    await added.count(2);
  });

  test("a member of a different app is not seen", async (t) => {
    const other = await (await givenSuite()).givenApp();
    const stranger = await connected(t, other, { member: BEA });
    const mine = await connected(t, app, { member: ANN });
    await subscribed(stranger, "presence-shared-name");
    assert.equal((await subscribed(mine, "presence-shared-name")).members.count, 1);
  });

  test("the hundredth member comes in, the next is refused and keeps its socket", async (t) => {
    const clients = await Promise.all(Array.from({ length: 101 }, () => rawClient(t, app)));
    for (const [n, client] of clients.slice(0, 100).entries()) await client.subscribe("presence-full", { member: { user_id: `u${n}` } });
    const last = clients[100];
    last.send({ event: "pusher:subscribe", data: { channel: "presence-full", ...app.authorize(last.socketId, "presence-full", '{"user_id":"late"}') } });
    const refusal = await last.next("pusher:subscription_error");
    assert.equal(JSON.parse(refusal.data).type, "LimitReached");
    assert.equal((await last.next("pusher:error")).data.code, null);
    await last.staysOpen();
  });
});
