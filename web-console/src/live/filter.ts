import type { LiveEvent, LiveKind } from './event';

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

export function isFiltering(filter: LiveFilter): boolean {
  return (
    filter.kinds.length > 0 ||
    [filter.channel, filter.event, filter.socket, filter.dialect, filter.search].some((part) => part !== '')
  );
}

/** Channel and event: case-insensitive part of the name. Search: in any field, payload included. */
export function passes(event: LiveEvent, filter: LiveFilter): boolean {
  if (filter.kinds.length > 0 && !filter.kinds.includes(event.kind)) return false;
  if (!contains(event.channel, filter.channel)) return false;
  if (!contains(event.event, filter.event)) return false;
  if (filter.socket !== '' && event.socketId !== filter.socket) return false;
  if (filter.dialect !== '' && event.dialect !== filter.dialect) return false;
  if (filter.search === '') return true;
  return [
    event.channel,
    event.event,
    event.data,
    event.socketId,
    event.userId,
    event.message,
    event.code,
  ].some((field) => field !== undefined && contains(field, filter.search));
}

function contains(value: string | undefined, part: string): boolean {
  return part === '' || (value ?? '').toLowerCase().includes(part.toLowerCase());
}
