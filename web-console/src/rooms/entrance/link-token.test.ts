import { expect, test } from 'vitest';
import { tokenOf } from './link-token';

test.each([
  ['', null],
  ['#', null],
  ['#token=', null],
  ['#token=abc_123-x', 'abc_123-x'],
  ['#other=1&token=abc', 'abc'],
  ['#abc_d-9', 'abc_d-9'],
  ['#a b', null],
])('%j holds %j', (hash, expected) => {
  expect(tokenOf(hash)).toBe(expected);
});
