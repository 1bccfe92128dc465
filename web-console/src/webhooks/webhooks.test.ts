import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../api/webhooks-types';
import { asCurl, statusWords } from './attempt';
import { instantOf, triesInWords } from './delivery';
import { CHANNEL_EVENTS, eventLabel, eventsFor, eventsInWords } from './events';
import { countUpTo, healthOf } from './health';
import { urlProblem, urlWarning } from './url';

test.each([
  ['https://example.com/hooks?x=1', null],
  ['', 'Enter the address'],
  ['example.com', 'no address'],
  ['http://example.com/hooks', 'https://'],
  ['ftp://localhost/', 'https://'],
  ['http://localhost:3000/hooks', null],
  ['https://user:word@example.com/', 'user name'],
  ['https://example.com/#top', '#'],
  [`https://example.com/${'a'.repeat(2048)}`, '2048 bytes'],
])('the address %j: %s', (url, expected) => {
  if (expected === null) expect(urlProblem(url)).toBeNull();
  else expect(urlProblem(url)).toContain(expected);
});

test.each([
  ['https://example.com', false],
  ['https://10.1.2.3/', true],
  ['https://172.20.0.1/', true],
  ['https://172.40.0.1/', false],
  ['http://localhost:3000', true],
  ['https://[fd00::1]/', true],
  ['https://printer.local/', true],
  ['https://fd-store.example.com/', false],
])('a warning about %s: %s', (url, expected) => {
  expect(urlWarning(url) !== null).toBe(expected);
});

test.each([
  ['delivered', 1, '1 try'],
  ['delivered', 3, '3 tries'],
  ['pending', 1, '1 of 8 tries'],
  ['dead', 8, '8 of 8 tries'],
] as const)('%s after %i: %s', (state, tries, words) => {
  expect(triesInWords(state, tries)).toBe(words);
});

describe('health', () => {
  const stats = { pending: 0, dead: 0, last_success_at: '2026-11-21T12:00:00Z', last_status: 204 };
  const well = { enabled: true, disabled_why: null, failing_since: null, rests_until: null, stats };
  test.each<[Partial<Endpoint>, string, string]>([
    [{}, 'Healthy', 'good'],
    [{ stats: { ...stats, pending: 3 } }, 'Delivering', 'good'],
    [{ stats: { ...stats, last_success_at: null } }, 'Nothing sent yet', 'neutral'],
    [{ failing_since: '2026-11-21T10:00:00Z' }, 'Failing', 'bad'],
    [{ rests_until: '2026-11-21T12:05:00Z' }, 'Resting', 'bad'],
    [{ rests_until: '2026-11-21T12:05:00Z', failing_since: '2026-11-21T10:00:00Z' }, 'Resting', 'bad'],
    [{ rests_until: '2026-11-21T11:55:00Z', failing_since: '2026-11-21T10:00:00Z' }, 'Failing', 'bad'],
    [{ rests_until: '2026-11-21T12:05:00Z', enabled: false, disabled_why: 'owner' }, 'Disabled', 'neutral'],
    [{ enabled: false, disabled_why: 'owner' }, 'Disabled', 'neutral'],
    [{ enabled: false, disabled_why: 'failing' }, 'Disabled: failing', 'bad'],
    [{ enabled: false, disabled_why: 'gone' }, 'Disabled: gone', 'bad'],
  ])('%j is %s', (part, label, tone) => {
    const now = Date.parse('2026-11-21T12:01:00Z');
    expect(healthOf({ ...well, ...part }, now)).toMatchObject({ label, tone });
  });
});

test.each([
  [0, '0'],
  [9_999, '9,999'],
  [10_000, '10,000+'],
])('%i is shown as %s', (n, words) => {
  expect(countUpTo(n)).toBe(words);
});

test.each([
  [[], 'All events but the opt-in ones'],
  [['channel_occupied'], 'Channel occupied'],
  [['channel_occupied', 'cache_miss'], 'Channel occupied, Cache miss'],
  [['channel_occupied', 'cache_miss', 'client_event'], '3 of 7 events'],
])('%j in words: %s', (events, words) => {
  expect(eventsInWords(events, CHANNEL_EVENTS)).toBe(words);
});

test('an organisation hears of its own events only, an app of its own in the standard form', () => {
  const types = (of: 'apps' | 'organisations', form: 'pusher' | 'standard') =>
    eventsFor(of, form).map(({ type }) => type);
  expect(types('organisations', 'standard')).toContain('invoice.paid');
  expect(types('organisations', 'standard')).not.toContain('channel_occupied');
  expect(types('apps', 'standard')).toContain('key.revoked');
  expect(types('apps', 'standard')).not.toContain('invoice.paid');
  expect(types('apps', 'pusher')).not.toContain('key.revoked');
});

test('Relay has words for four events', () => {
  expect(eventsFor('apps', 'relay')).toHaveLength(4);
});

test('a type of a later version is shown as it is called', () => {
  expect(eventLabel('app.renamed')).toBe('app.renamed');
  expect(eventLabel('member.added')).toBe(eventLabel('member_added'));
});

test.each([
  [{ status: 204, error: null }, '204 No Content'],
  [{ status: 418, error: null }, '418'],
  [{ status: null, error: 'no answer within 10 seconds' }, 'no answer within 10 seconds'],
  [{ status: null, error: null }, 'No answer'],
])('%j came out as %s', (attempt, words) => {
  expect(statusWords(attempt)).toBe(words);
});

test('a request is copied for a terminal, without what curl says itself', () => {
  const curl = asCurl('https://example.com/a?b=1', {
    request_headers: { Host: 'example.com', 'X-Pusher-Key': 'k' },
    request_body: `{"a":"it's"}`,
  });
  expect(curl).toContain(`-H 'X-Pusher-Key: k'`);
  expect(curl).toContain(`'{"a":"it'\\''s"}'`);
  expect(curl).not.toContain('Host');
});

test.each([
  ['', undefined],
  ['no date', undefined],
  ['2026-11-21T12:34', new Date(2026, 10, 21, 12, 34).toISOString()],
])('the field %j means %s', (local, instant) => {
  expect(instantOf(local)).toBe(instant);
});
