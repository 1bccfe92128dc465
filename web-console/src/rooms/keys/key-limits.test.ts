import { expect, test } from 'vitest';
import { addressesProblem, rateProblem } from './key-limits';

test.each([
  ['192.0.2.1', true],
  ['192.0.2.0/24', true],
  ['192.0.2.0/33', false],
  ['256.0.0.1', false],
  ['192.0.2', false],
  ['2001:db8::/32', true],
  ['2001:db8::1', true],
  ['2001:db8::/129', false],
  ['example.com', false],
  ['', false],
])('%j is an address or network: %s', (address, is) => {
  expect(addressesProblem([address]) === null).toBe(is);
});

test('the one that is wrong is named', () => {
  expect(addressesProblem(['192.0.2.1', 'here'])).toBe('here is no address or network');
  expect(addressesProblem([])).toBeNull();
});

test.each([
  ['', true],
  [1, true],
  [1_000_000, true],
  [0, false],
  [1.5, false],
  ['ten', false],
])('%j is a rate: %s', (rate, is) => {
  expect(rateProblem(rate) === null).toBe(is);
});
