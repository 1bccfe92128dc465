// An account in the console: the mailed links, the second factor, sessions elsewhere.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import { givenBrowser, givenPage, violations } from "../harness/browser.mjs";
import { mailed } from "../harness/mail.mjs";
import { Management } from "../harness/management.mjs";
import { lifetime, sharedStack } from "../harness/stack.mjs";
import { totp } from "../harness/totp.mjs";

describe("an account in the console", { timeout: 180000 }, () => {
  const email = `account-${randomBytes(5).toString("hex")}@signalbox.example`;
  let password = `Right-horse-${randomBytes(6).toString("hex")}`;
  const life = lifetime();
  const inaccessible = [];
  let stack, browser, page, secret, recoveryCodes;
  const look = async (where) => inaccessible.push(...(await violations(page, where)));
  const security = () => page.goto(`${stack.console_url}/account/security`);

  before(async () => {
    stack = await sharedStack();
    browser = await givenBrowser(life);
    page = await givenPage(browser);
  });

  async function typePassword() {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  async function logOut() {
    await page.getByTestId("person-menu").first().click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.waitForURL(/\/login/);
  }

  test("until the address is confirmed the console says so", async () => {
    await page.goto(`${stack.console_url}/signup`);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.waitForURL(/\/apps\/\d+/);
    await page.getByText("Confirm your email address").waitFor();
  });

  test("the mailed link confirms it, and leaves no token in the address", async () => {
    const { token } = await mailed(stack, email, "Confirm your e-mail address");
    await page.goto(`${stack.console_url}/verify-email#token=${token}`);
    await page.getByText(`${email} is confirmed.`).waitFor();
    assert.ok(!page.url().includes(token));
    await look("verify email");
    await page.getByRole("link", { name: "Go to your apps" }).click();
    await page.getByTestId("app-id").waitFor();
    await page.getByText("Confirm your email address").waitFor({ state: "hidden" });
    await page.goto(`${stack.console_url}/verify-email#token=${token}`);
    await page.getByText("This link no longer works.").waitFor();
  });

  test("a forgotten password is set anew by mail", async () => {
    await page.goto(stack.console_url);
    await logOut();
    await page.getByRole("link", { name: "Forgot the password?" }).click();
    await page.getByLabel("Email").fill(email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByText("Look into your mail.").waitFor();
    await look("forgot password");
    const { token } = await mailed(stack, email, "Set a new password");
    password = `New-${password}`;
    await page.goto(`${stack.console_url}/reset-password#token=${token}`);
    await look("reset password");
    await page.getByLabel("New password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.getByText("Your password is changed.").waitFor();
    await page.locator("main").getByRole("link", { name: "Log in", exact: true }).click();
    await typePassword();
    await page.getByTestId("person-menu").first().waitFor();
  });

  test("sessions elsewhere are listed and can be ended", async () => {
    const phone = new Management(stack);
    await phone.call("POST", "/v1/login", { email, password });
    await security();
    await page.getByTestId("session-row").nth(1).waitFor();
    await look("security");
    await page.getByTestId("session-row").nth(1).getByRole("button", { name: /^End/ }).click();
    await page.getByTestId("session-row").nth(1).waitFor({ state: "detached" });
    assert.equal((await phone.send("GET", "/v1/session")).status, 401);
  });

  test("a second factor is set up with a scanned secret, and recovery codes are shown once", async () => {
    await page.getByRole("button", { name: "Set up…" }).click();
    secret = await page.getByTestId("totp-secret").textContent();
    await page.getByRole("img", { name: "The secret as a picture to scan" }).waitFor();
    await look("set up the second factor");
    await page.getByRole("dialog").getByLabel("Code").fill(totp(secret));
    await page.getByRole("button", { name: "Turn it on" }).click();
    await page.getByTestId("recovery-codes").waitFor();
    recoveryCodes = await page.getByTestId("recovery-codes").getByRole("listitem").allTextContents();
    assert.equal(recoveryCodes.length, 10);
    await look("recovery codes");
    await page.getByRole("button", { name: "I have stored them" }).click();
    await page.getByText("Recovery codes: 10 left").waitFor();
    assert.ok(!(await page.content()).includes(recoveryCodes[0]));
  });

  test("logging in takes a code now, and a wrong one is refused", async () => {
    await logOut();
    await typePassword();
    await page.getByLabel("Code").fill("000000");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").filter({ hasText: /not right/ }).waitFor();
    await look("second step");
    // A code works once, so this one is of the step after the one it was set up with.
    await page.getByLabel("Code").fill(totp(secret, 1));
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByTestId("person-menu").first().waitFor();
  });

  test("a recovery code lets in once", async () => {
    await logOut();
    await typePassword();
    await page.getByRole("button", { name: "Use a recovery code instead" }).click();
    await page.getByLabel("Recovery code").fill(recoveryCodes[0]);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByTestId("person-menu").first().waitFor();
    await security();
    await page.getByText("Recovery codes: 9 left").waitFor();
  });

  test("what happened is written down for its owner", async () => {
    await page.getByRole("cell", { name: "A recovery code was used" }).first().waitFor();
    await page.getByRole("cell", { name: "Second factor turned on" }).first().waitFor();
  });

  test("it is turned off with the password and a code", async () => {
    await page.getByRole("button", { name: "Turn off…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Your password").fill("not the password");
    await dialog.getByLabel(/recovery code/).fill(recoveryCodes[1]);
    await dialog.getByRole("button", { name: "Turn it off" }).click();
    await dialog.getByText("This is not your password").waitFor();
    await dialog.getByLabel("Your password").fill(password);
    await dialog.getByRole("button", { name: "Turn it off" }).click();
    await page.getByRole("button", { name: "Set up…" }).waitFor();
  });

  test("name and address are changed in the account room", async () => {
    await page.goto(`${stack.console_url}/account`);
    await look("account");
    await page.getByRole("form", { name: "Name" }).getByLabel("Your name").fill("Ada Example");
    await page.getByRole("form", { name: "Name" }).getByRole("button", { name: "Save" }).click();
    await page.getByTestId("person-menu").filter({ hasText: "Ada Example" }).first().waitFor();
    const form = page.getByRole("form", { name: "Email address" });
    await form.getByLabel("New address").fill(`new-${email}`);
    await form.getByLabel("Your password").fill(password);
    await form.getByRole("button", { name: "Change the address" }).click();
    await page.getByText("Open the link that we sent to the new address.").waitFor();
    const { token } = await mailed(stack, `new-${email}`, "Confirm your new e-mail address");
    await page.goto(`${stack.console_url}/verify-email#token=${token}`);
    await page.getByText(`new-${email} is confirmed.`).waitFor();
  });

  test("every room of it can be used by everybody", () => assert.deepEqual(inaccessible, []));

  test("nothing went wrong behind the scenes", () => {
    const expected = /Failed to load resource/; // the asked-for refusals above
    assert.deepEqual(page.problems.filter((problem) => !expected.test(problem)), []);
  });
});
