// Tokens and signed names as a customer's back end makes them; a forger's too, since every part can be chosen.

import { createHmac } from "node:crypto";

const HASHES = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };
const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A JWT; `claims` and `header` may be texts, for what JSON.stringify would not write. */
export function jwt(claims, secret, { header = {}, alg = "HS256", hash = HASHES[alg] ?? "sha256" } = {}) {
  const head = typeof header === "string" ? header : { alg, ...header };
  const signed = `${base64url(head)}.${base64url(claims)}`;
  const signature = alg === "none" ? "" : createHmac(hash, secret).update(signed).digest("base64url");
  return `${signed}.${signature}`;
}

/** A signed stream name (anycable sheet §3); `json` and `alphabet` as different SDKs write them. */
export function signedName(name, secret, { json = JSON.stringify(name), alphabet = "base64" } = {}) {
  let encoded = Buffer.from(json).toString("base64");
  if (alphabet === "base64url") encoded = encoded.replaceAll("+", "-").replaceAll("/", "_");
  return `${encoded}--${createHmac("sha256", secret).update(encoded).digest("hex")}`;
}

export const now = () => Math.floor(Date.now() / 1000);
