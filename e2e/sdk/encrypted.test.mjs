import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { connected, heard, subscribed } from "../harness/browsers.mjs";
import { rawClient } from "../harness/raw.mjs";
import { givenSuite, serverSdk } from "../harness/suite.mjs";

const MASTER = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const CIPHERTEXT = '{"nonce":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH","ciphertext":"nQb3wngGZeNKvWtHlAZTog1NRFsKvCAGLAeotp1uGuw="}';

describe("encrypted channels", () => {
  let app, sdk;
  before(async () => {
    app = await (await givenSuite()).givenApp({ settings: { client_events: true } });
    sdk = serverSdk(app, { encryptionMasterKeyBase64: MASTER });
  });
  const options = () => ({ sharedSecret: (channel) => sdk.channelSharedSecret(channel).toString("base64") });

  test("the worked example of the protocol sheet is readable", async (t) => {
    const pusher = await connected(t, app, options());
    const messages = heard(await subscribed(pusher, "private-encrypted-room.7"), "e");
    await app.publish("private-encrypted-room.7", "e", CIPHERTEXT);
    assert.deepEqual((await messages.first()).data, { body: "hello" });
  });

  test("the server passes on ciphertext it cannot read", async (t) => {
    const client = await rawClient(t, app);
    await client.subscribe("private-encrypted-x");
    await sdk.trigger("private-encrypted-x", "e", { secret: "kept" });
    const { data } = await client.next("e");
    assert.deepEqual(Object.keys(JSON.parse(data)).sort(), ["ciphertext", "nonce"]);
    assert.ok(!data.includes("kept"));
  });

  test("one encrypted channel beside others is refused", async () => {
    const answer = await app.post("/events", { name: "e", channels: ["private-encrypted-a", "b"], data: CIPHERTEXT });
    assert.equal(answer.status, 400);
  });

  test("in a batch each item may be encrypted", async (t) => {
    const pusher = await connected(t, app, options());
    const [a, b] = [heard(await subscribed(pusher, "private-encrypted-a"), "e"), heard(await subscribed(pusher, "private-encrypted-b"), "e")];
    await sdk.triggerBatch([
      { channel: "private-encrypted-a", name: "e", data: { n: 1 } },
      { channel: "private-encrypted-b", name: "e", data: { n: 2 } },
    ]);
    assert.deepEqual([(await a.first()).data, (await b.first()).data], [{ n: 1 }, { n: 2 }]);
  });
});
