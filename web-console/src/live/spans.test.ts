import { expect, test } from 'vitest';
import { localOf, momentProblem } from './moment';
import { hoursOf, isWithin } from './spans';

const now = new Date(2026, 10, 22, 12, 0, 0).getTime();
const HOUR = 3_600_000;

test.each([
  [now - HOUR - 140, 1],
  [now - 24 * HOUR + 900, 24],
  [now, 0],
  [now + 500, 0],
])('a plan that reaches to %i looks back %i hours', (reaches, hours) => {
  expect(hoursOf(reaches, now)).toBe(hours);
});

test('a stretch is within the plan up to its last minute', () => {
  expect([15 * 60_000, HOUR, 6 * HOUR].map((ms) => isWithin(ms, 1))).toEqual([true, true, false]);
});

test.each([
  ['', 'Give a date and a time'],
  ['2026-11-22T12:00:01', 'That is still to come'],
  ['2026-11-22T10:59:59', 'Your plan does not look back that far'],
  ['2026-11-22T11:30:00', null],
])('the moment %j: %s', (typed, problem) => {
  expect(momentProblem(typed, now - HOUR, now)).toBe(problem);
});

test('a moment goes into the field as it comes out', () => {
  expect(new Date(localOf(now)).getTime()).toBe(now);
});
