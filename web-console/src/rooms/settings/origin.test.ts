import { expect, test } from 'vitest';
import { originProblem, literalOriginsProblem } from './origin';

test.each([
  ['https://example.com', true],
  ['http://localhost:3000', true],
  ['https://*.example.com', true],
  ['http://[::1]:8080', true],
  ['example.com', false],
  ['https://example.com/path', false],
  ['ftp://example.com', false],
  ['two words', false],
  ['', false],
])('%j is an origin: %s', (origin, fine) => {
  expect(originProblem(origin) === null).toBe(fine);
});

test.each([
  [[], null],
  [['https://shop.example', 'http://localhost:5173'], null],
  [['https://shop.example', 'https://*.example'], /stars/],
  [['https://Shop.example'], /lower case/],
  [['shop.example'], /is no origin/],
  [['https://shop.example/cart'], /is no origin/],
] as const)('compared whole, %j: %s', (origins, problem) => {
  const found = literalOriginsProblem(origins);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toMatch(problem);
});
