/**
 * Channel patterns of scopes, as the gateways read them: `*` is any run of characters without `/`, also none;
 * `**` (or more stars) is any run; `\*` and `\\` are a star and a backslash; anything else is itself.
 * The whole name must match. Segments are separated by `/` only; `.`, `:` and `-` are ordinary characters.
 */
export type Token = { kind: 'literal'; text: string } | { kind: 'segment' } | { kind: 'any' };

export const MAX_PATTERN_BYTES = 256;
export const MAX_STARS = 16;

export function parsePattern(raw: string): Token[] {
  const tokens: Token[] = [];
  let literal = '';
  const flush = () => {
    if (literal) tokens.push({ kind: 'literal', text: literal });
    literal = '';
  };
  for (let at = 0; at < raw.length; at += 1) {
    const char = raw[at] ?? '';
    const next = raw[at + 1];
    if (char === '\\' && (next === '*' || next === '\\')) {
      literal += next;
      at += 1;
    } else if (char === '*') {
      flush();
      let stars = 1;
      while (raw[at + 1] === '*') {
        stars += 1;
        at += 1;
      }
      tokens.push({ kind: stars === 1 ? 'segment' : 'any' });
    } else {
      literal += char;
    }
  }
  flush();
  return tokens;
}

/** Why the API would refuse the pattern, or null. */
export function patternProblem(raw: string): string | null {
  if (raw === '') return 'A pattern cannot be empty. Use ** for every channel.';
  if (new TextEncoder().encode(raw).length > MAX_PATTERN_BYTES) {
    return `A pattern is at most ${MAX_PATTERN_BYTES} bytes long.`;
  }
  if (/\p{Cc}/u.test(raw)) return 'A pattern cannot contain control characters.';
  if (parsePattern(raw).filter((token) => token.kind !== 'literal').length > MAX_STARS) {
    return `A pattern has at most ${MAX_STARS} stars.`;
  }
  return null;
}

/** Walks the name once with the set of places in the pattern that may still match: linear for every pattern. */
export function matches(pattern: string, name: string): boolean {
  const tokens = expand(parsePattern(pattern));
  let states = closure(new Set([0]), tokens);
  for (const char of name) {
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (token === undefined) continue;
      if (token === 'any' || (token === 'segment' && char !== '/')) next.add(state);
      else if (typeof token === 'object' && token.char === char) next.add(state + 1);
    }
    if (next.size === 0) return false;
    states = closure(next, tokens);
  }
  return states.has(tokens.length);
}

type Step = 'any' | 'segment' | { char: string };

function expand(tokens: Token[]): Step[] {
  return tokens.flatMap((token): Step[] =>
    token.kind === 'literal' ? Array.from(token.text, (char) => ({ char })) : [token.kind],
  );
}

/** A star may also stand for nothing, so being before it is being behind it. */
function closure(states: Set<number>, tokens: Step[]): Set<number> {
  const all = new Set<number>();
  for (const start of states) {
    let state = start;
    all.add(state);
    while (tokens[state] === 'any' || tokens[state] === 'segment') {
      state += 1;
      all.add(state);
    }
  }
  return all;
}

/** The pattern in words, for the line under the input. */
export function describePattern(raw: string): string {
  const tokens = parsePattern(raw);
  if (tokens.length === 1 && tokens[0]?.kind === 'any') return 'every channel of the app';
  if (tokens.length === 1 && tokens[0]?.kind === 'segment') return 'every channel without a / in its name';
  if (tokens.every((token) => token.kind === 'literal'))
    return `only the channel ${tokens.map(text).join('')}`;
  const last = tokens.at(-1);
  const head = tokens.slice(0, -1);
  if (last && last.kind !== 'literal' && head.every((token) => token.kind === 'literal')) {
    const start = head.map(text).join('');
    return last.kind === 'any'
      ? `channels that start with ${start}`
      : `channels that start with ${start} and have no further /`;
  }
  return 'channels of this shape';
}

function text(token: Token): string {
  return token.kind === 'literal' ? token.text : token.kind === 'segment' ? '*' : '**';
}
