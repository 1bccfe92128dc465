import { expect, test } from 'vitest';
import { changedExpiry, dateProblem, expiresAt } from './expiry';

const now = Date.parse('2026-03-01T12:00:00Z');

test.each([
  ['never', undefined],
  ['1', '2026-03-02T12:00:00.000Z'],
  ['30', '2026-03-31T12:00:00.000Z'],
] as const)('%s is %s', (expiry, expected) => {
  expect(expiresAt(expiry, '', now)).toBe(expected);
});

test('a date lasts to its end in the reader’s time zone', () => {
  expect(expiresAt('date', '2026-04-05', now)).toBe(new Date(2026, 3, 5, 23, 59, 59).toISOString());
});

test.each([
  ['never', '', null],
  ['date', '', 'Choose a date'],
  ['date', 'soon', 'Choose a date'],
  ['date', '2020-01-01', 'This date has passed'],
  ['date', '2030-01-01', null],
] as const)('%s %j: %s', (expiry, date, expected) => {
  expect(dateProblem(expiry, date, now)).toBe(expected);
});

test.each([
  ['keep', {}],
  ['never', { expires_at: null }],
] as const)('%s changes %j', (expiry, expected) => {
  expect(changedExpiry(expiry, '')).toEqual(expected);
});
