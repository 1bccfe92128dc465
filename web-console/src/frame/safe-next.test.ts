import { expect, test } from 'vitest';
import { safeNext } from './safe-next';

test.each([
  [undefined, '/'],
  ['/apps/1/live?q=x', '/apps/1/live?q=x'],
  ['https://elsewhere.example', '/'],
  ['//elsewhere.example', '/'],
  ['/\\elsewhere.example', '/'],
  ['javascript:alert(1)', '/'],
])('after logging in, %s leads to %s', (next, expected) => {
  expect(safeNext(next)).toBe(expected);
});
