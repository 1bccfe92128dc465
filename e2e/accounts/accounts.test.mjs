// Accounts against the real control plane: what is mailed, what it opens, and getting back in.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { mailTo, mailed } from "../harness/mail.mjs";
import { Management, givenAccount } from "../harness/management.mjs";
import { sharedStack } from "../harness/stack.mjs";
import { totp } from "../harness/totp.mjs";

describe("accounts", () => {
  let stack;
  before(async () => {
    stack = await sharedStack();
  });

  const refused = async (asked, status, code) => {
    const answer = await asked;
    assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
  };
  const user = async (api) => (await api.call("GET", "/v1/session")).user;

  test("an address is proved by the link in its mail, once", async () => {
    const { api, email } = await givenAccount(stack);
    assert.equal((await user(api)).email_verified, false);
    const mail = await mailed(stack, email, "Confirm your e-mail address");
    assert.ok(mail.text.includes(`${stack.console_url}/verify-email#token=`), mail.text);
    const elsewhere = new Management(stack);
    await elsewhere.call("POST", "/v1/email/verify", { token: mail.token });
    assert.equal((await user(api)).email_verified, true);
    await refused(elsewhere.send("POST", "/v1/email/verify", { token: mail.token }), 410, "link_invalid");
  });

  test("a forgotten password is replaced by mail, and everybody is signed out", async () => {
    const { api, email, password } = await givenAccount(stack);
    const elsewhere = new Management(stack);
    await elsewhere.call("POST", "/v1/password/reset", { email });
    await elsewhere.call("POST", "/v1/password/reset", { email: `nobody-${email}` });
    const { token } = await mailed(stack, email, "Set a new password");
    await elsewhere.call("POST", "/v1/password/reset/confirm", { token, password: "battery staple" });
    await refused(api.send("GET", "/v1/session"), 401, "unauthenticated");
    await refused(elsewhere.send("POST", "/v1/login", { email, password }), 401, "wrong_login");
    await elsewhere.call("POST", "/v1/login", { email, password: "battery staple" });
    await mailed(stack, email, "Your password was changed");
    assert.deepEqual(await mailTo(stack, `nobody-${email}`), []);
  });

  test("with a second factor the password alone opens nothing", async () => {
    const { api, email, password } = await givenAccount(stack);
    const { token } = await mailed(stack, email, "Confirm your e-mail address");
    await api.call("POST", "/v1/email/verify", { token });
    const { secret, otpauth_uri } = await api.call("POST", "/v1/second-factor", {});
    assert.equal(new URL(otpauth_uri).searchParams.get("secret"), secret);
    const used = totp(secret, -1);
    const { recovery_codes } = await api.call("POST", "/v1/second-factor/confirm", { code: used });
    assert.equal(new Set(recovery_codes).size, 10);

    const phone = new Management(stack);
    const first = await phone.send("POST", "/v1/login", { email, password });
    assert.deepEqual([first.status, first.json.second_factor, first.headers.getSetCookie()], [200, "required", []]);
    await refused(phone.send("GET", "/v1/session"), 401, "unauthenticated");
    const { pending_token } = first.json;
    await refused(phone.send("POST", "/v1/login/second-factor", { pending_token, code: used }), 403, "wrong_code");
    await phone.call("POST", "/v1/login/second-factor", { pending_token, code: totp(secret) });
    assert.equal((await user(phone)).second_factor, true);

    const lost = new Management(stack);
    const again = await lost.call("POST", "/v1/login", { email, password });
    await lost.call("POST", "/v1/login/second-factor", { pending_token: again.pending_token, code: recovery_codes[0] });
    await mailed(stack, email, "A recovery code was used");
  });

  test("one sees where one is signed in, and signs the others out", async () => {
    const { api, email, password } = await givenAccount(stack);
    const phone = new Management(stack);
    await phone.call("POST", "/v1/login", { email, password });
    const { items } = await api.call("GET", "/v1/sessions");
    assert.deepEqual(items.map((session) => session.current), [true, false]);
    await api.call("DELETE", `/v1/sessions/${items[1].id}`);
    await refused(phone.send("GET", "/v1/session"), 401, "unauthenticated");
    const { items: events } = await api.call("GET", "/v1/session/events");
    assert.deepEqual(events.map((event) => event.kind), ["session.ended", "signed_in", "signed_up"]);
  });

  test("an address changes when the new one is proved, and the old one is told", async () => {
    const { api, email, password } = await givenAccount(stack);
    const fresh = `new-${email}`;
    await api.call("POST", "/v1/user/email", { email: fresh, password });
    const { token } = await mailed(stack, fresh, "Confirm your new e-mail address");
    assert.equal((await user(api)).email, email);
    await api.call("POST", "/v1/email/verify", { token });
    assert.equal((await user(api)).email, fresh);
    assert.ok((await mailed(stack, email, "Your e-mail address was changed")).text.includes(fresh));
  });

  test("whoever signs up with somebody's address is told so, and the owner too", async () => {
    const { email } = await givenAccount(stack);
    const stranger = new Management(stack);
    await refused(stranger.send("POST", "/v1/signup", { email, password: "12345678" }), 409, "email_taken");
    await mailed(stack, email, "You already have an account");
  });
});
