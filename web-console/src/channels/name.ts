export type ChannelKind = 'public' | 'private' | 'encrypted' | 'presence';

/** What the prefix of a name makes of a channel. */
export function channelKind(name: string): { kind: ChannelKind; cache: boolean } {
  const cache = /^(private-encrypted-|private-|presence-)?cache-/.test(name);
  if (name.startsWith('private-encrypted-')) return { kind: 'encrypted', cache };
  if (name.startsWith('private-')) return { kind: 'private', cache };
  if (name.startsWith('presence-')) return { kind: 'presence', cache };
  return { kind: 'public', cache };
}

/** Whether a subscriber needs a signature from the customer's back end. */
export function needsAuthorisation(name: string): boolean {
  return channelKind(name).kind !== 'public';
}

export function channelProblem(name: string): string | null {
  if (name === '') return 'Name a channel';
  if (name.length > 200) return 'At most 200 characters';
  if (name.startsWith('#')) return 'Names that start with # are reserved';
  return /^[\w\-=@,.;]+$/.test(name) ? null : 'Letters, digits and _ - = @ , . ; only';
}

/** Names outside the Pusher family: a channel is called anything that fits. `what` is the dialect's word for it. */
export function nameProblem(name: string, what: string): string | null {
  if (name === '') return `Name a ${what}`;
  if (new TextEncoder().encode(name).length > 256) return 'At most 256 bytes';
  if (name.startsWith('#')) return 'Names that start with # are reserved';
  return /\p{Cc}/u.test(name) ? 'No control characters' : null;
}

export const isReservedEvent = (name: string): boolean => /^(pusher|pusher_internal|relay):/.test(name);

/** Relay reserves names of its own besides. */
export function eventProblem(name: string, inRelay = false): string | null {
  if (name === '') return 'Name an event';
  if (name.length > 200) return 'At most 200 characters';
  if (/^pusher(_internal)?:/.test(name)) return 'Names that start with pusher: are reserved';
  return inRelay && name.startsWith('relay:') ? 'Names that start with relay: are reserved' : null;
}
