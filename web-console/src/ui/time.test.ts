import { expect, test } from 'vitest';
import { relativeTime } from './time';

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
