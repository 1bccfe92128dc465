import { expect, test } from 'vitest';
import { changesBetween, type Change } from './diff';

const change = (path: string, before: string | null, after: string | null): Change => ({
  path,
  before,
  after,
});

test.each<[string, unknown, unknown, Change[]]>([
  ['nothing', { a: 1 }, { a: 1 }, []],
  ['a member', { a: 1, b: 'x' }, { a: 2, b: 'x' }, [change('a', '1', '2')]],
  [
    'a member within a member',
    { s: { on: false, n: 1 } },
    { s: { on: true, n: 1 } },
    [change('s.on', 'false', 'true')],
  ],
  ['something that came', { a: 1 }, { a: 1, b: [1] }, [change('b', null, '[1]')]],
  ['something that went', { a: null, b: 1 }, { a: null }, [change('b', '1', null)]],
  [
    'a thing that was made',
    null,
    { name: 'x', s: { n: 1 } },
    [change('name', null, 'x'), change('s.n', null, '1')],
  ],
  ['a thing that went', { name: 'x' }, null, [change('name', 'x', null)]],
  ['lists', { l: ['a'] }, { l: ['a', 'b'] }, [change('l', '["a"]', '["a","b"]')]],
  ['neither', null, null, []],
])('%s', (_, before, after, expected) => {
  expect(changesBetween(before, after)).toEqual(expected);
});
