import { useEffect, useState } from 'react';

/** The token of a mailed link, which stands behind the `#` so that no server on the way logs it. */
export function tokenOf(hash: string): string | null {
  const text = hash.replace(/^#/, '');
  if (/^[\w-]+$/.test(text)) return text;
  return new URLSearchParams(text).get('token') || null;
}

/** Reads the token once and takes it out of the address bar and the history. */
export function useLinkToken(): string | null {
  const [token] = useState(() => tokenOf(window.location.hash));
  useEffect(() => {
    if (tokenOf(window.location.hash) === null) return;
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  }, []);
  return token;
}

/** An invitation that waits while its reader logs in or signs up. In this page's memory only. */
let held: string | null = null;

export const heldInvitation = {
  get: (): string | null => held,
  hold(token: string): void {
    held = token;
  },
  drop(): void {
    held = null;
  },
};
