import type { App } from '../../api/types';

type IceServer = App['settings']['metered']['ice_servers'][number];

/** A server as its form holds it: what is left empty is not sent. */
export type IceRow = { urls: string[]; username: string; credential: string };

export function iceServers(rows: readonly IceRow[]): IceServer[] {
  return rows.map(({ urls, username, credential }) => ({
    urls,
    ...(username === '' ? {} : { username }),
    ...(credential === '' ? {} : { credential }),
  }));
}

const MAX_URL_BYTES = 512;
const MAX_SECRET_BYTES = 1_024;
const bytes = (text: string) => new TextEncoder().encode(text).length;

/** Why the API would refuse the list, or null. Clients drop a whole list for one bad entry. */
export function iceServersProblem(rows: readonly IceRow[]): string | null {
  for (const [at, { urls, username, credential }] of rows.entries()) {
    const server = `Server ${at + 1}`;
    if (urls.length === 0) return `${server} has no address`;
    const bad = urls.find((url) => !/^(stuns?|turns?):[\x21-\x7e]+$/.test(url) || bytes(url) > MAX_URL_BYTES);
    if (bad !== undefined) return `${server}: ${bad} is no address: write it like turn:turn.example.com:3478`;
    if (bytes(username) > MAX_SECRET_BYTES) return `${server}: the user name is too long`;
    if (bytes(credential) > MAX_SECRET_BYTES) return `${server}: the credential is too long`;
  }
  return null;
}

/** A list of servers in a line. What lets into them is not said. */
export function serverList(rows: readonly IceRow[]): string {
  const named = rows.map(
    ({ urls, username }) => `${urls.join(' ') || 'no address'}${username && ` as ${username}`}`,
  );
  return named.length === 0 ? 'none' : named.join(', ');
}
