import { expect, test } from 'vitest';
import { usableKey } from './publishable-keys';
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
