import { expect, test } from 'vitest';
import { passwordProblem } from './password';

test.each([
  ['', 'Choose a password'],
  ['ninechars', 'Too short: at least 10 characters'],
  ['tencharacs', null],
  ['x'.repeat(128), null],
  ['x'.repeat(129), 'Too long: at most 128 bytes'],
  ['é'.repeat(65), 'Too long: at most 128 bytes'],
])('%j: %s', (password, expected) => {
  expect(passwordProblem(password)).toBe(expected);
});
