import { expect, test } from 'vitest';
import { NO_FILTER, type LiveFilter } from '../live/filter';
import { historyFilter } from './live-history';

test.each<[Partial<LiveFilter>, Record<string, string>]>([
  [{}, {}],
  [{ kinds: ['published', 'webhook', 'refused'] }, { kinds: 'published,webhook,refused' }],
  [{ channel: 'orders' }, { channel: '**orders**' }],
  [
    { channel: 'orders-*', event: '*.paid' },
    { channel: 'orders-**', event: '**.paid' },
  ],
  [
    { socket: '1.2', dialect: 'relay', search: 'x' },
    { socket_id: '1.2', dialect: 'relay', q: 'x' },
  ],
  [{ dialect: 'smoke signals' }, {}],
])('%j is asked for as %j', (part, expected) => {
  const asked = Object.entries(historyFilter({ ...NO_FILTER, ...part })).filter(([, value]) => value);
  expect(Object.fromEntries(asked)).toEqual(expected);
});
