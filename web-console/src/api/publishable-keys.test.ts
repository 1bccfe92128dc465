import { expect, test } from 'vitest';
import { besideSuccessors, successors, usableKey } from './publishable-keys';
import type { PublishableKey } from './types';

const NOW = Date.parse('2030-01-01T00:00:00Z');

const key = (name: string, more: Partial<PublishableKey> = {}): PublishableKey => ({
  key: `pk_${name}`,
  name,
  actions: ['subscribe'],
  channels: ['**'],
  allowed_origins: [],
  allow_no_origin: false,
  ice_servers: true,
  created_at: '2029-01-01T00:00:00Z',
  expires_at: null,
  last_used_at: null,
  replaces: null,
  ...more,
});

test.each([
  ['none', [], null],
  ['one', [key('a')], 'pk_a'],
  ['may only publish', [key('a', { actions: ['publish'] })], null],
  ['other channels', [key('a', { channels: ['rooms/*'] })], null],
  ['expired', [key('a', { expires_at: '2029-12-31T23:59:59Z' })], null],
  ['expires later', [key('a', { expires_at: '2030-01-02T00:00:00Z' })], 'pk_a'],
  [
    'one for every page before one for some',
    [key('a', { allowed_origins: ['https://a.example'] }), key('b')],
    'pk_b',
  ],
  ['one for some pages', [key('a', { allowed_origins: ['https://a.example'] })], 'pk_a'],
] as const)('%s', (_name, keys, expected) => {
  expect(usableKey(keys, NOW)).toBe(expected);
});

test.each([
  ['nothing was rotated', [key('b'), key('a')], ['b', 'a']],
  ['one was, between others', [key('c', { replaces: 'pk_a' }), key('b'), key('a')], ['c', 'a', 'b']],
  [
    'and again',
    [key('c', { replaces: 'pk_b' }), key('b', { replaces: 'pk_a' }), key('x'), key('a')],
    ['c', 'b', 'a', 'x'],
  ],
  [
    'twice from the same',
    [key('c', { replaces: 'pk_a' }), key('b', { replaces: 'pk_a' }), key('a')],
    ['c', 'b', 'a'],
  ],
  ['and the old one is gone', [key('c', { replaces: 'pk_a' }), key('b')], ['c', 'b']],
] as const)('%s: a key stands below its successor, and each is there once', (_name, keys, order) => {
  expect(besideSuccessors(keys).map(({ name }) => name)).toEqual(order);
});

test('a successor is known by the key it replaces', () => {
  const made = key('b', { replaces: 'pk_a' });
  expect(successors([made, key('a')])).toEqual(new Map([['pk_a', made]]));
});
