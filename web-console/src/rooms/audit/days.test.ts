import { expect, test } from 'vitest';
import { byDay } from './days';

const at = (...date: [number, number, number, number]) => ({ at: new Date(...date).toISOString() });
const now = new Date(2026, 10, 22, 0, 5).getTime();

test('entries stand under their day where the reader is', () => {
  const entries = [
    at(2026, 10, 22, 0),
    at(2026, 10, 21, 23),
    at(2026, 10, 21, 1),
    at(2026, 10, 20, 12),
    at(2025, 0, 2, 3),
  ];
  expect(byDay(entries, now).map(({ day, entries }) => [day, entries.length])).toEqual([
    ['Today', 1],
    ['Yesterday', 2],
    ['Fri, Nov 20', 1],
    ['Thu, Jan 2, 2025', 1],
  ]);
});

test('no entries are no days', () => expect(byDay([], now)).toEqual([]));
