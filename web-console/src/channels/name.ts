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

export function eventProblem(name: string): string | null {
  if (name === '') return 'Name an event';
  if (name.length > 200) return 'At most 200 characters';
  return /^pusher(_internal)?:/.test(name) ? 'Names that start with pusher: are reserved' : null;
}
