// @anycable/core with the extended protocol: presence, history, and resuming after a cut.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { anycable, EXT, publicId, rawCable, signedId, streaming } from "../harness/cable.mjs";
import { givenSuite, OPEN } from "../harness/suite.mjs";
import { now } from "../harness/tokens.mjs";
import { sleep, until } from "../harness/until.mjs";

describe("@anycable/core, extended", { concurrency: 4 }, () => {
  let suite, app;
  before(async () => {
    suite = await givenSuite();
    app = await suite.givenApp({ settings: { ...OPEN, anycable: { ...OPEN.anycable, presence_grace_s: 2 } }, limits: { max_connections: 500, max_publishes_per_s: 2000 } });
  });
  const publish = (stream, data, more = {}) => app.cable("POST", "/api/publish", { stream, data: JSON.stringify(data), ...more });
  const ext = (t, options = {}) => anycable(t, app, { protocol: EXT, ...options });
  const raw = (t, options = {}) => rawCable(t, app, { protocols: [EXT], ...options });
  const users = async (stream) => (await app.cable("GET", `/api/presence/${encodeURIComponent(stream)}/users`)).json;
  const data = (frames) => frames.filter(({ type }) => type === undefined);
  const position = ({ offset, epoch }) => ({ offset, epoch });

  describe("presence", () => {
    test("who joins is announced to all, itself included; who leaves too; the roster is asked for", async (t) => {
      const [one, two] = [await streaming(ext(t), "room/7"), await streaming(ext(t), "room/7")];
      await one.presence.join("7", { name: "Seven" });
      await until("both hear of it", () => one.presences.length === 1 && two.presences.length === 1);
      assert.deepEqual(one.presences[0], { type: "join", id: "7", info: { name: "Seven" } });
      assert.deepEqual(await two.presence.info(), { 7: { name: "Seven" } });
      assert.deepEqual(await users("room/7"), { type: "info", total: 1, records: [{ id: "7", info: { name: "Seven" } }] });
      await one.presence.leave();
      await until("both hear of it", () => two.presences.some(({ type }) => type === "leave"));
      assert.deepEqual(two.presences.at(-1), { type: "leave", id: "7" });
      assert.deepEqual(await users("room/7"), { type: "info", total: 0 });
    });

    test("two connections with one id are one member; its info is the newest", async (t) => {
      const watcher = await streaming(ext(t), "tabs");
      const tabs = [await streaming(ext(t), "tabs"), await streaming(ext(t), "tabs")];
      await tabs[0].presence.join("u", { v: 1 });
      await until("the first is in", () => watcher.presences.length === 1);
      await tabs[1].presence.join("u", { v: 2 });
      await until("the newest is read", async () => (await users("tabs")).records?.[0].info.v === 2);
      await tabs[0].presence.leave();
      await tabs[1].presence.leave();
      await until("it left", () => watcher.presences.some(({ type }) => type === "leave"));
      assert.deepEqual(watcher.presences.map(({ type, id }) => [type, id]), [["join", "u"], ["leave", "u"]]);
    });

    test("one connection has one id on a stream; the second is refused in silence", async (t) => {
      const client = await raw(t);
      await client.subscribe(publicId("one-id"));
      client.command("join", publicId("one-id"), { presence: { id: "a" } });
      client.command("join", publicId("one-id"), { presence: { id: "b" } });
      client.command("join", publicId("never"), { presence: { id: "c" } });
      client.command("presence", publicId("one-id"), { data: {} });
      const info = await client.next((frame) => frame.message?.type === "info");
      assert.deepEqual(info.message, { type: "info", total: 1, records: [{ id: "a" }] });
      client.command("presence", publicId("one-id"), { data: { return_records: false } });
      assert.deepEqual((await client.next((frame) => frame.message?.type === "info")).message, { type: "info", total: 1 });
    });

    test("join may come within subscribe: confirmation, history, join, in this order", async (t) => {
      const client = await raw(t);
      client.command("subscribe", publicId("joined"), { history: { since: now(), streams: {} }, presence: { id: "7", info: 1 } });
      const types = [];
      await until("all three", async () => {
        types.push(...(await client.settle()).map(({ type, message }) => message?.type ?? type));
        return types.length >= 3;
      });
      assert.deepEqual(types, ["confirm_subscription", "confirm_history", "join"]);
    });

    test("unsubscribing leaves at once; a lost connection after its grace, and not at all when it is back within", async (t) => {
      const watcher = await streaming(ext(t), "grace");
      const heard = () => watcher.presences.map(({ type, id }) => `${type} ${id}`);
      const brief = ext(t);
      const briefly = await streaming(brief, "grace");
      await briefly.presence.join("brief", {});
      await until("it is in", () => heard().includes("join brief"));
      brief.record.current().terminate();
      await until("it is back", () => brief.record.sockets.length === 2 && brief.state === "connected");

      const leaver = await streaming(ext(t), "grace");
      await leaver.presence.join("leaver", {});
      leaver.disconnect();
      await until("it left at once", () => heard().includes("leave leaver"), { within: 1000 });

      const lost = await raw(t);
      await lost.subscribe(publicId("grace"));
      lost.command("join", publicId("grace"), { presence: { id: "lost" } });
      await until("it is in", () => heard().includes("join lost"));
      const began = performance.now();
      lost.socket.terminate();
      await until("it left after its grace", () => heard().includes("leave lost"), { within: 6000 });
      const took = performance.now() - began;
      assert.ok(took > 1500 && took < 5000, `${took.toFixed(0)} ms`);
      assert.ok(!heard().includes("leave brief"));
      assert.equal(heard().filter((move) => move === "join brief").length, 1);
    });

    test("a base connection that joined stays as long as it lives, and only then is told of others", async (t) => {
      const base = await rawCable(t, app);
      await base.subscribe(publicId("basic"));
      const other = await streaming(ext(t), "basic");
      await other.presence.join("x", {});
      await sleep(50);
      assert.deepEqual(await base.settle(), [], "a base connection that did not ask is not told");
      base.command("join", publicId("basic"), { presence: { id: "base" } });
      assert.equal((await base.next("presence")).message.id, "base");
      await sleep(3500);
      assert.equal((await users("basic")).total, 2);
    });

    test("an app with presence off says so", async (t) => {
      const off = await suite.givenApp({ settings: { ...OPEN, anycable: { ...OPEN.anycable, presence: false } } });
      assert.equal((await off.cable("GET", "/api/presence/a/users")).status, 501);
      const cable = anycable(t, off, { protocol: EXT });
      const channel = await streaming(cable, "a");
      await assert.rejects(channel.presence.info());
    });
  });

  describe("history", () => {
    test("what was published since the page was made comes before what is live", async (t) => {
      const since = now();
      for (const n of [1, 2, 3]) await publish("page", n);
      const cable = ext(t, { historyTimestamp: since });
      const channel = await streaming(cable, "page");
      await publish("page", 4);
      await until("all four", () => channel.heard.length === 4);
      assert.deepEqual(channel.heard.map(({ message }) => message), [1, 2, 3, 4]);
      assert.deepEqual(channel.infos, ["history_received"]);
      assert.deepEqual(channel.heard.map(({ meta }) => meta.offset), [1, 2, 3, 4]);
    });

    test("a position is answered with what came after it, or not at all", async (t) => {
      const client = await raw(t);
      const id = publicId("positions");
      await client.subscribe(id);
      for (const n of [1, 2, 3]) await publish("positions", n);
      const [first] = data(await client.settle());
      const { epoch, offset } = first;
      // [what, the history asked for, the answer, the messages before it]
      const rows = [
        ["from the first", { streams: { positions: { epoch, offset } } }, "confirm_history", [2, 3]],
        ["from before the first", { streams: { positions: { epoch, offset: offset - 1 } } }, "confirm_history", [1, 2, 3]],
        ["from the last", { streams: { positions: { epoch, offset: offset + 2 } } }, "confirm_history", []],
        ["from beyond the last", { streams: { positions: { epoch, offset: offset + 3 } } }, "reject_history", []],
        ["of another epoch", { streams: { positions: { epoch: "none", offset } } }, "reject_history", []],
        ["since a second ago", { since: now() - 60 }, "confirm_history", [1, 2, 3]],
        ["since tomorrow", { since: now() + 86400 }, "confirm_history", []],
        ["a position before a time", { since: now() - 60, streams: { positions: { epoch, offset: offset + 1 } } }, "confirm_history", [3]],
        ["since false, with a position", { since: false, streams: { positions: { epoch, offset: offset + 1 } } }, "confirm_history", [3]],
        ["a foreign stream's position is ignored", { since: now() + 86400, streams: { other: { epoch: "x", offset: 9 } } }, "confirm_history", []],
      ];
      for (const [what, history, answer, messages] of rows) {
        client.command("history", id, { history });
        const told = await client.next(({ type }) => /_history$/.test(type));
        assert.deepEqual([told.type, told.identifier], [answer, id], what);
        assert.deepEqual(data(client.frames.splice(0)).map(({ message }) => message), messages, what);
      }
      client.command("history", id, { history: {} });
      client.command("history", id);
      client.command("history", publicId("never"), { history: { since: 1 } });
      assert.deepEqual(await client.settle(), [], "nothing to answer");
    });

    test("no more than the stream keeps is replayed, and a position that is gone is refused whole", async (t) => {
      const client = await raw(t);
      await client.subscribe(publicId("long"));
      const batch = (from, length) => Array.from({ length }, (_, n) => ({ stream: "long", data: String(from + n) }));
      for (const from of [1, 76]) assert.equal((await app.cable("POST", "/api/publish", batch(from, 75))).status, 201);
      const all = data(await client.settle());
      assert.deepEqual(all.map(({ message }) => message), Array.from({ length: 150 }, (_, n) => n + 1));
      client.command("history", publicId("long"), { history: { streams: { long: position(all[0]) } } });
      await client.next("reject_history");
      assert.deepEqual(data(client.frames.splice(0)), []);
      client.command("history", publicId("long"), { history: { since: 1 } });
      await client.next("confirm_history");
      const kept = data(client.frames.splice(0));
      assert.ok(kept.length >= 100 && kept.at(-1).message === 150, `${kept.length} kept`);
      client.command("history", publicId("long"), { history: { streams: { long: position(all[120]) } } });
      await client.next("confirm_history");
      assert.equal(data(client.frames.splice(0)).length, 29);
    });

    test("a position that is lost is told to the application", async (t) => {
      const cable = ext(t);
      const channel = await streaming(cable, "lost");
      await publish("lost", 1);
      await until("it has a position", () => channel.heard.length === 1);
      cable.record.send(JSON.stringify({ command: "history", identifier: channel.identifier, history: { streams: { lost: { epoch: "gone", offset: 1 } } } }));
      await until("it is told", () => channel.infos.includes("history_not_found"));
    });
  });

  describe("resume", () => {
    test("a cut loses nothing and doubles nothing, while publishing goes on", async (t) => {
      const cable = ext(t);
      const channel = await streaming(cable, "cut");
      const signed = await streaming(cable, app.signedStream("cut/signed"), { signed: true });
      let n = 0;
      for (let cut = 0; cut < 3; cut++) {
        for (let burst = 0; burst < 10; burst++) await publish("cut", ++n);
        const sockets = cable.record.sockets.length;
        cable.record.current().terminate();
        for (let burst = 0; burst < 10; burst++) {
          await publish("cut", ++n);
          await publish("cut/signed", n);
        }
        await until("it is back", () => cable.record.sockets.length > sockets && cable.state === "connected");
        for (let burst = 0; burst < 5; burst++) await publish("cut", ++n);
      }
      await until(`all ${n}; has ${channel.heard.length}`, () => channel.heard.length >= n);
      assert.deepEqual(channel.heard.map(({ message }) => message), Array.from({ length: n }, (_, at) => at + 1));
      await until("all of the other stream", () => signed.heard.length >= 30);
      assert.equal(signed.heard.length, 30);
      const restored = cable.record.texts.map((text) => JSON.parse(text)).filter(({ restored }) => restored);
      assert.equal(restored.length, 3);
      for (const { restored_ids } of restored) assert.deepEqual([...restored_ids].sort(), [channel.identifier, signed.identifier].sort());
    });

    test("the new connection has a new sid, and what excluded the old one excludes it in the replay", async (t) => {
      const first = await raw(t);
      await first.subscribe(publicId("mine"));
      await publish("mine", 0);
      const { epoch, offset } = await first.next(({ type }) => type === undefined);
      first.socket.terminate();
      await publish("mine", 1, { meta: { exclude_socket: first.sid } });
      await publish("mine", 2);
      const second = await raw(t, { query: { sid: first.sid }, settled: false });
      const welcome = await second.next("welcome");
      assert.deepEqual([welcome.restored, welcome.restored_ids], [true, [publicId("mine")]]);
      assert.notEqual(welcome.sid, first.sid);
      second.command("history", publicId("mine"), { history: { streams: { mine: { epoch, offset } } } });
      await second.next("confirm_history");
      assert.deepEqual(data(second.frames.splice(0)).map(({ message }) => message), [2]);
      await publish("mine", 3, { meta: { exclude_socket: first.sid } });
      await publish("mine", 4);
      assert.deepEqual(data(await second.settle()).map(({ message }) => message), [4]);
    });

    test("live messages wait for the first history of what was restored", async (t) => {
      const first = await raw(t);
      await first.subscribe(publicId("held"));
      await publish("held", 1);
      const { epoch, offset } = await first.next(({ type }) => type === undefined);
      first.socket.terminate();
      const second = await raw(t, { query: { sid: first.sid } });
      await publish("held", 2);
      assert.deepEqual(data(await second.settle()), []);
      second.command("history", publicId("held"), { history: { streams: { held: { epoch, offset } } } });
      await second.next("confirm_history");
      await publish("held", 3);
      assert.deepEqual(data([...second.frames.splice(0), ...(await second.settle())]).map(({ message }) => message), [2, 3]);
    });

    test("a sid that nobody knows, or of another app, is an ordinary welcome", async (t) => {
      const other = await suite.givenApp({ settings: OPEN });
      const theirs = await rawCable(t, other, { protocols: [EXT] });
      await theirs.subscribe(publicId("theirs"));
      for (const sid of ["abcdefghijklmnopqrstu", theirs.sid, "x", ""]) {
        const client = await raw(t, { query: { sid }, settled: false });
        const welcome = await client.next("welcome");
        assert.ok(!("restored" in welcome), sid);
      }
    });

    test("nothing restored is an empty list; a base connection is never restored", async (t) => {
      const empty = await raw(t);
      empty.socket.terminate();
      const back = await raw(t, { query: { sid: empty.sid }, settled: false });
      assert.deepEqual((await back.next("welcome")).restored_ids, []);
      const base = await rawCable(t, app, { query: { sid: back.sid }, settled: false });
      assert.ok(!("restored" in (await base.next("welcome"))));
    });

    test("where tokens are required a resume needs one of the same person, even an expired one", async (t) => {
      const strict = await suite.givenApp();
      const open = (query, settled = false) => rawCable(t, strict, { protocols: [EXT], query, settled });
      const me = { user_id: 1 };
      const first = await open({ jid: strict.cableToken(me) }, true);
      await first.subscribe(signedId(strict.signedStream("x")));
      first.socket.terminate();
      assert.equal((await (await open({ sid: first.sid })).dismissed()).reason, "unauthorized", "no token");
      const other = await (await open({ sid: first.sid, jid: strict.cableToken({ user_id: 2 }) })).next((frame) => frame);
      assert.ok(!("restored" in other), "another person's token");
      const late = await open({ sid: first.sid, jid: strict.cableToken(me, { exp: now() - 60 }) });
      assert.equal((await late.next("welcome")).restored, true);
    });

    test("presence survives a cut without a flicker", async (t) => {
      const watcher = await streaming(ext(t), "steady");
      const cable = ext(t);
      const channel = await streaming(cable, "steady");
      await channel.presence.join("me", { v: 1 });
      await until("it is in", () => watcher.presences.length === 1);
      cable.record.current().terminate();
      await until("it is back", () => cable.record.sockets.length === 2 && cable.state === "connected");
      await sleep(3500);
      assert.deepEqual(watcher.presences.map(({ type }) => type), ["join"]);
    });
  });
});
