import { expect, test } from 'vitest';
import { bytes, centsAmount, duration, microsAmount } from './amount';

test.each([
  [0, '$0.00'],
  [19_000_000, '$19.00'],
  [1_234_560_000, '$1,234.56'],
  [2_500, '$0.0025'],
  [-1, '-$0.000001'],
  [-5_000_000, '-$5.00'],
])('%i micro-dollars are %s', (micros, shown) => {
  expect(microsAmount(micros)).toBe(shown);
});

test('cents are whole', () => expect(centsAmount(4_912)).toBe('$49.12'));

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1536, '1.5 KiB'],
  [65_536, '64 KiB'],
  [3 * 1024 ** 3, '3 GiB'],
])('%i bytes are %s', (n, shown) => {
  expect(bytes(n)).toBe(shown);
});

test.each([
  [0, '0 seconds'],
  [1, '1 second'],
  [300, '5 minutes'],
  [3_600, '1 hour'],
  [86_400 * 3, '3 days'],
  [90, '90 seconds'],
])('%i seconds are %s', (n, shown) => {
  expect(duration(n)).toBe(shown);
});
