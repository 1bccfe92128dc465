import { describe, expect, test } from 'vitest';
import type { LiveEvent, StreamRow } from './event';
import { joined, keptRow, looksFurther, withCountsMerged } from './past';

const seen = (atMs: number, channel = 'chat'): LiveEvent => ({
  id: atMs,
  atMs,
  kind: 'published',
  channel,
  event: 'e',
  data: '{}',
});
const kept = (atMs: number, channel = 'chat'): LiveEvent => ({
  ...seen(atMs, channel),
  id: `kept ${atMs} ${channel}`,
});
const counted = (atMs: number, count = 4): StreamRow => ({ kind: 'dropped', id: `d ${atMs}`, atMs, count });
const ids = (rows: readonly StreamRow[]) => rows.map((row) => row.id);

describe('past and present are one stream', () => {
  test.each<[string, LiveEvent[], StreamRow[], (string | number)[]]>([
    ['nothing', [], [], []],
    ['only the past', [], [kept(2), kept(1)], ['kept 2 chat', 'kept 1 chat']],
    ['only the present', [seen(2), seen(1)], [], [2, 1]],
    ['one after the other', [seen(4), seen(3)], [kept(2), kept(1)], [4, 3, 'kept 2 chat', 'kept 1 chat']],
    [
      'what both tell is shown once, as it was seen',
      [seen(4), seen(3)],
      [kept(3), kept(2)],
      [4, 3, 'kept 2 chat'],
    ],
    [
      'two events of one millisecond are two',
      [seen(3)],
      [kept(3), kept(3), kept(3, 'news')],
      [3, 'kept 3 chat', 'kept 3 news'],
    ],
    [
      'what only the past tells takes its place',
      [seen(9), seen(5)],
      [kept(9), kept(7), kept(5), kept(4)],
      [9, 'kept 7 chat', 5, 'kept 4 chat'],
    ],
    [
      'events that came out of order stay as they came',
      [seen(6), seen(7), seen(5)],
      [kept(7), kept(6), kept(5)],
      [6, 7, 5],
    ],
    [
      'counts belong to the time before the page watched',
      [seen(9), seen(5)],
      [counted(9), counted(5), kept(4), counted(3)],
      [9, 5, 'kept 4 chat', 'd 3'],
    ],
  ])('%s', (_name, live, past, expected) => {
    expect(ids(joined(live, past))).toEqual(expected);
  });

  test('a payload that was shortened or withheld makes no other event', () => {
    const { data: _, ...bare } = kept(1);
    expect(ids(joined([seen(1)], [bare]))).toEqual([1]);
  });
});

test('counts without an event between them are added up', () => {
  const rows = withCountsMerged([counted(9, 2), counted(8, 3), seen(7), counted(6, 1)]);
  expect(rows.map((row) => (row.kind === 'dropped' ? row.count : row.id))).toEqual([5, 7, 1]);
});

test.each<[string, Record<string, unknown>, StreamRow | null]>([
  ['a count', { at_ms: 1, kind: 'dropped', count: 7 }, { kind: 'dropped', id: 'i', atMs: 1, count: 7 }],
  ['a count of nothing', { at_ms: 1, kind: 'dropped' }, null],
  ['a later kind', { at_ms: 1, kind: 'moved' }, null],
  ['no time', { kind: 'published' }, null],
])('%s as it is kept', (_name, item, expected) => {
  expect(keptRow({ id: 'i', ...item })).toEqual(expected);
});

test('a kept event is read as a frame is', () => {
  const row = keptRow({
    id: 'i',
    at_ms: 5,
    kind: 'subscribed',
    channel: 'c',
    socket_id: '1.2',
    dialect: 'relay',
  });
  expect(row).toMatchObject({ id: 'i', atMs: 5, channel: 'c', socketId: '1.2', dialect: 'relay' });
});

test.each([
  [1, 0, 0, true],
  [4, 0, 0, true],
  [5, 0, 0, false],
  [5, 0, 1, true],
  [10, 0, 1, false],
  [5, 500, 0, true],
  [10, 1_000, 0, true],
])('after %i pages with %i rows and %i grants the next is read by itself: %s', (pages, rows, granted, is) => {
  expect(looksFurther(pages, rows, granted)).toBe(is);
});
