// The console as people go through it: getting in, finding rooms, confirming dangerous things.

import { randomBytes } from "node:crypto";
import { App } from "./apps.mjs";
import { until } from "./until.mjs";

export const somebody = (who = "person") => `${who}-${randomBytes(5).toString("hex")}@signalbox.example`;
export const newPassword = () => `Right-horse-${randomBytes(6).toString("hex")}`;

export const shown = (page, testId) => page.getByTestId(testId).first().textContent();

/** Fills in the sign-up page; the button is the caller's. */
export async function fillSignUp(page, stack, { email = somebody(), password = newPassword(), organisation } = {}) {
  await page.goto(`${stack.console_url}/signup`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  if (organisation) await page.getByLabel("Organisation (optional)").fill(organisation);
}

/** The app that is ready on arrival, with the secret that is shown once. */
export async function firstApp(page, stack) {
  await page.getByTestId("app-secret").waitFor();
  return new App({ stack }, { id: await shown(page, "app-id"), key: await shown(page, "app-key"), secret: await shown(page, "app-secret") });
}

/** Somebody new, in the overview of their first app. */
export async function signedUp(page, stack, who) {
  await fillSignUp(page, stack, who);
  await page.getByRole("button", { name: "Create account" }).click();
  return firstApp(page, stack);
}

export const dialog = (page) => page.getByRole("dialog");

export async function confirmTyped(page, phrase, action) {
  await dialog(page).getByLabel(/Type/).fill(phrase);
  await dialog(page).getByRole("button", { name: action, exact: true }).click();
}

/** Chooses in a select as a person does, who looks whether it took and else chooses again. */
export async function choose(select, option, { exact = true } = {}) {
  const [field, wanted] = [select.first(), select.page().getByRole("option", { name: option, exact })];
  await until(`${option} is chosen`, async () => {
    if (!(await wanted.isVisible())) await field.click();
    await wanted.click();
    return until("it took", async () => (await field.inputValue()) === option, { within: 500 }).catch(() => false);
  });
}

/** What a click downloads: its name and where it is. */
export async function downloaded(page, click) {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

/** The organisation of the person who is logged in. */
export async function organisationOf(page) {
  const { organisations } = await page.evaluate(async () => (await fetch("/v1/session")).json());
  return organisations[0].id;
}
