import { expect, test } from 'vitest';
import { passwordProblem } from './password';

test.each([
  ['', 'Choose a password'],
  ['sevench', 'Too short: at least 8 characters'],
  ['eightcha', null],
  ['x'.repeat(128), null],
  ['x'.repeat(129), 'Too long: at most 128'],
  ['é'.repeat(65), 'Too long: at most 128'],
])('%j: %s', (password, expected) => {
  expect(passwordProblem(password)).toBe(expected);
});
