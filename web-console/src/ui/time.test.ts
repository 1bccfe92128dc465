import { expect, test } from 'vitest';
import { momentInWords, relativeTime, rowTime, timeLeft } from './time';

const now = Date.parse('2026-03-01T12:00:00Z');

test.each([
  ['2026-03-01T12:00:00Z', 'now'],
  ['2026-03-01T11:59:30Z', '30 seconds ago'],
  ['2026-03-01T11:00:00Z', '1 hour ago'],
  ['2026-02-28T12:00:00Z', 'yesterday'],
  ['2026-03-08T12:00:00Z', 'in 7 days'],
  ['2024-03-01T12:00:00Z', '2 years ago'],
])('%s reads as "%s"', (iso, words) => {
  expect(relativeTime(iso, now)).toBe(words);
});

test.each([
  ['2026-03-01T12:02:41Z', '2:41'],
  ['2026-03-01T12:00:00.200Z', '0:01'],
  ['2026-03-01T13:02:41Z', '1:02:41'],
  ['2026-03-01T11:00:00Z', '0:00'],
])('until %s it is %s', (iso, left) => {
  expect(timeLeft(iso, now)).toBe(left);
});

test('a moment of another day says which', () => {
  const noon = new Date(2026, 2, 1, 12, 0, 0, 7).getTime();
  expect(rowTime(noon - 60_000, noon)).toBe('11:59:00.007');
  expect(rowTime(noon - 86_400_000, noon)).toBe('Sat 12:00:00');
  expect(momentInWords(noon, noon)).toBe('12:00:00');
});
