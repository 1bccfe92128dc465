import { KINDS, type LiveKind, type StreamRow } from './event';

export type LiveFilter = {
  /** Empty: all kinds. */
  kinds: readonly LiveKind[];
  channel: string;
  event: string;
  /** A whole socket id; empty: every connection. */
  socket: string;
  /** Empty: every dialect. */
  dialect: string;
  search: string;
};

export const NO_FILTER: LiveFilter = {
  kinds: [],
  channel: '',
  event: '',
  socket: '',
  dialect: '',
  search: '',
};

export const WITHOUT_WEBHOOKS: readonly LiveKind[] = KINDS.filter((kind) => kind !== 'webhook');

/** Webhook events are among all kinds where they are switched on. Asked for by name, they are shown either way. */
export function withWebhooks(filter: LiveFilter, on: boolean): LiveFilter {
  return on || filter.kinds.length > 0 ? filter : { ...filter, kinds: WITHOUT_WEBHOOKS };
}

export function isFiltering(filter: LiveFilter): boolean {
  return (
    filter.kinds.length > 0 ||
    [filter.channel, filter.event, filter.socket, filter.dialect, filter.search].some((part) => part !== '')
  );
}

/**
 * Channel and event: a part of the name, or the whole of it where stars stand for any run of characters. Search: a part
 * of any field, payload included. Cases are not told apart. How much was only counted is shown whatever is looked for.
 */
export function passes(row: StreamRow, filter: LiveFilter): boolean {
  if (row.kind === 'dropped') return true;
  if (filter.kinds.length > 0 && !filter.kinds.includes(row.kind)) return false;
  if (!isNamed(row.channel, filter.channel)) return false;
  if (!isNamed(row.event, filter.event)) return false;
  if (filter.socket !== '' && row.socketId !== filter.socket) return false;
  if (filter.dialect !== '' && row.dialect !== filter.dialect) return false;
  if (filter.search === '') return true;
  return [row.channel, row.event, row.data, row.socketId, row.userId, row.message, row.code].some(
    (field) => field !== undefined && contains(field, filter.search),
  );
}

function isNamed(name: string | undefined, typed: string): boolean {
  if (!typed.includes('*')) return contains(name, typed);
  const parts = typed.split(/\*+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'is').test(name ?? '');
}

function contains(value: string | undefined, part: string): boolean {
  return part === '' || (value ?? '').toLowerCase().includes(part.toLowerCase());
}
