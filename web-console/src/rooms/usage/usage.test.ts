import { expect, test } from 'vitest';
import { endOfDay, endOfPeriod } from './forecast';
import { rangeOf } from './range';

const at = (time: string) => Date.parse(`2026-11-21T${time}Z`);
const midnight = '2026-11-22T00:00:00Z';

test.each([
  ['00:05:00', 7, 7],
  ['06:00:00', 100, 400],
  ['12:00:00', 100, 200],
  ['23:59:59', 100, 100],
])('at %s with %i used, the day ends with %i', (time, used, expected) => {
  expect(endOfDay({ used, resets_at: midnight }, at(time))).toBe(expected);
});

test.each([
  ['hour', 'minute', '2026-11-21T11:35:00.000Z'],
  ['day', 'hour', '2026-11-20T13:00:00.000Z'],
  ['month', 'day', '2026-10-23T00:00:00.000Z'],
] as const)('the last %s is asked for by %s', (span, granularity, from) => {
  expect(rangeOf(span, at('12:34:30'))).toEqual({ granularity, from });
});

test.each([
  [0, 5, 5],
  [3_600_000, 10, 240],
  [12 * 3_600_000, 10, 20],
  [48 * 3_600_000, 10, 10],
])('%i ms into a day with %i used, it ends with %i', (elapsed, used, expected) => {
  expect(endOfPeriod(used, { start: 0, end: 86_400_000 }, elapsed)).toBe(expected);
});
