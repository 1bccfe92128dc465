// What the linters share.

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parsed frame, and a way to refuse it by the rule it breaks. */
export function opened(text) {
  const breaks = (rule) => {
    throw new Error(`frame breaks "${rule}": ${text}`);
  };
  const frame = JSON.parse(text);
  if (!isObject(frame)) breaks("a frame is an object");
  return { frame, breaks };
}

/** Refuses members that are not in `allowed`. */
export function only(frame, allowed, breaks) {
  for (const name of Object.keys(frame)) if (!allowed.includes(name)) breaks(`no member ${name}`);
}

/** What says more about a refusal, beside what the dialect itself says: an id to look it up by, and a machine code. */
export function refusal({ refusal }, breaks) {
  if (refusal === undefined) return;
  if (!isObject(refusal) || !/^[0-9a-f]{32}$/.test(refusal.request_id) || !/^[a-z_]+$/.test(refusal.code)) breaks("a refusal has an id and a code");
}
