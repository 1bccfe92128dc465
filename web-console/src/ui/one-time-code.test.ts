import { expect, test } from 'vitest';
import { appCodeProblem, codeProblem } from './one-time-code';

test.each([
  ['123456', true, true],
  ['123 456', true, true],
  ['12345', false, false],
  ['1234567', false, false],
  ['abcd-efgh-jkmn-pqrs', false, true],
  ['ABCD EFGH JKMN 2345', false, true],
  ['abcd-efgh-jkmn-pqr', false, false],
  ['abcd-efgh-jkmn-pq10', false, false],
  ['', false, false],
])('%j: from an app %s, from either %s', (code, app, either) => {
  expect(appCodeProblem(code) === null).toBe(app);
  expect(codeProblem(code) === null).toBe(either);
});
