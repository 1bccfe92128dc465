import { expect, test } from 'vitest';
import { originProblem } from './origin';

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
