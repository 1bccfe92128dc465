import { expect, test } from 'vitest';
import { bytes, centsAmount, duration, exactAmount, roundedAmount } from './amount';

test.each([
  [0, '$0.00'],
  [19_000_000, '$19.00'],
  [1_234_560_000, '$1,234.56'],
  [2_500, '$0.0025'],
  [-1, '-$0.000001'],
  [-5_000_000, '-$5.00'],
])('%i micro-dollars are exactly %s', (micros, shown) => {
  expect(exactAmount(micros)).toBe(shown);
});

test.each([
  [0, '$0.00'],
  [35_121_000, '$35.12'],
  [35_125_000, '$35.13'],
  [-35_125_000, '-$35.13'],
  [1_234_560_000, '$1,234.56'],
  [4_999, '<$0.01'],
  [-1, '>-$0.01'],
])('%i micro-dollars are about %s', (micros, shown) => {
  expect(roundedAmount(micros)).toBe(shown);
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
