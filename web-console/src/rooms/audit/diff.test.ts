import { expect, test } from 'vitest';
import { changesBetween, changeWords, pathWords, valueWords, type Change } from './diff';

const change = (path: string, before: unknown, after: unknown): Change => ({ path, before, after });

test.each<[string, unknown, unknown, Change[]]>([
  ['nothing', { a: 1 }, { a: 1 }, []],
  ['a member', { a: 1, b: 'x' }, { a: 2, b: 'x' }, [change('a', 1, 2)]],
  [
    'a member within a member',
    { s: { on: false, n: 1 } },
    { s: { on: true, n: 1 } },
    [change('s.on', false, true)],
  ],
  ['something that came', { a: 1 }, { a: 1, b: [1] }, [change('b', undefined, [1])]],
  ['something that went', { a: null, b: 1 }, { a: null }, [change('b', 1, undefined)]],
  [
    'a thing that was made',
    null,
    { name: 'x', s: { n: 1 } },
    [change('name', undefined, 'x'), change('s.n', undefined, 1)],
  ],
  ['a thing that went', { name: 'x' }, null, [change('name', 'x', undefined)]],
  ['lists', { l: ['a'] }, { l: ['a', 'b'] }, [change('l', ['a'], ['a', 'b'])]],
  ['neither', null, null, []],
])('%s', (_, before, after, expected) => {
  expect(changesBetween(before, after)).toEqual(expected);
});

test.each([
  ['settings.client_events', 'Settings › Client events'],
  ['cache_ttl_s', 'Cache ttl (s)'],
  ['', 'Value'],
])('%j reads %j', (path, words) => expect(pathWords(path)).toBe(words));

test.each([
  [true, 'on'],
  [1_000_000, '1,000,000'],
  [null, '–'],
  [undefined, '–'],
  ['', '–'],
  [[], 'none'],
  [['a', 'b'], 'a, b'],
  [[{ urls: ['stun:a'] }], '{"urls":["stun:a"]}'],
  ['2026-11-22', '2026-11-22'],
])('%j reads %j', (value, words) => expect(valueWords(value)).toBe(words));

test('an instant reads as one', () => expect(valueWords('2026-11-22T10:00:00.5Z')).toMatch(/Nov 2\d, 2026/));

test('a change in a line', () => {
  expect(changeWords(change('role', 'viewer', 'developer'))).toBe('Role: viewer → developer');
});
