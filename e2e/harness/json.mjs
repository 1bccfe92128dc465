// The bytes of one member of a JSON object: what JSON.parse would round, this keeps.

/** The raw text of the value of `name` in the object `text`; `undefined` when it has no such member. */
export function rawMember(text, name) {
  let at = skipBlanks(text, 0) + 1;
  for (;;) {
    at = skipBlanks(text, at);
    if (text[at] === "}") return undefined;
    if (text[at] === ",") at = skipBlanks(text, at + 1);
    const keyEnd = valueEnd(text, at);
    const key = JSON.parse(text.slice(at, keyEnd));
    at = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
    const end = valueEnd(text, at);
    if (key === name) return text.slice(at, end);
    at = end;
  }
}

function skipBlanks(text, at) {
  while (" \t\r\n".includes(text[at])) at++;
  return at;
}

function valueEnd(text, at) {
  if (text[at] === '"') return stringEnd(text, at);
  if (text[at] !== "{" && text[at] !== "[") {
    while (at < text.length && !",]} \t\r\n".includes(text[at])) at++;
    return at;
  }
  for (let depth = 0; ; ) {
    if (text[at] === '"') at = stringEnd(text, at);
    else {
      if ("{[".includes(text[at])) depth++;
      if ("}]".includes(text[at])) depth--;
      at++;
      if (depth === 0) return at;
    }
  }
}

function stringEnd(text, at) {
  for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++;
  return at + 1;
}
