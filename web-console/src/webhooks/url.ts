const MAX_BYTES = 2048;

/** Why the API would refuse the address, as far as it can be told without asking the DNS; or null. */
export function urlProblem(raw: string): string | null {
  const text = raw.trim();
  if (text === '') return 'Enter the address that is to be told';
  if (new TextEncoder().encode(text).length > MAX_BYTES) return `At most ${MAX_BYTES} bytes`;
  const url = parse(text);
  if (!url) return 'This is no address. It begins with https://';
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) return 'The address must begin with https://';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'The address must begin with https://';
  if (url.username || url.password) return 'An address with a user name or password in it is refused';
  if (url.hash) return 'Leave out what follows the #: it is never sent';
  return null;
}

/** What may stand in the way of deliveries, though the address may be accepted. */
export function urlWarning(raw: string): string | null {
  const url = parse(raw.trim());
  if (!url) return null;
  if (isLoopback(url.hostname) || isPrivate(url.hostname)) {
    return 'Our servers cannot reach an address of your own machine or network. To try it there, use signalbox listen.';
  }
  return null;
}

/** Where it is, in short. */
export const hostOf = (url: string): string => parse(url)?.host ?? url;

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\./.test(host);
}

function isPrivate(host: string): boolean {
  return (
    /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host) ||
    /^\[f[cde]/i.test(host) ||
    /\.(local|internal|lan)$/.test(host)
  );
}
