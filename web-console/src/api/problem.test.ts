import { describe, expect, test } from 'vitest';
import { adviceFor, asProblem, Problem, problemFrom } from './problem';

describe('problemFrom', () => {
  test('reads a problem+json answer', () => {
    const problem = problemFrom(
      422,
      {
        title: 'Not valid',
        code: 'validation_failed',
        detail: 'The name is too long.',
        request_id: 'req_1',
        errors: [{ field: 'name', message: 'at most 64 characters' }],
      },
      null,
    );
    expect(problem).toMatchObject({ status: 422, code: 'validation_failed', requestId: 'req_1' });
    expect(problem.message).toBe('The name is too long.');
    expect(problem.byField).toEqual({ name: 'at most 64 characters' });
  });

  test.each([
    ['a proxy page', '<html>502</html>'],
    ['nothing', undefined],
    ['a list', []],
    ['errors of the wrong shape', { errors: ['x', { field: 1 }] }],
  ])('makes something useful of %s', (_name, body) => {
    expect(problemFrom(502, body, 'req_header')).toMatchObject({
      code: 'http_502',
      title: 'The server answered 502',
      requestId: 'req_header',
      fields: [],
    });
  });
});

test.each([
  [0, 'connection'],
  [401, 'Log in again'],
  [404, 'deleted'],
  [429, 'Wait'],
  [500, 'request id'],
  [503, 'few seconds'],
  [422, 'Correct'],
])('advice for status %i names what to do', (status, words) => {
  expect(adviceFor(new Problem({ status, code: 'x', title: 'x' }))).toContain(words);
});

test('an unknown error keeps its words', () => {
  expect(asProblem(new Error('boom')).message).toBe('boom');
});

test.each([
  ['settings.metered.ice_servers[1].urls[0]', ['on', 'ice_servers'], 'ice_servers'],
  ['settings.allowed_origins[3]', ['allowed_origins'], 'allowed_origins'],
  ['allowed_origins[0]', ['name', 'allowed_origins'], 'allowed_origins'],
  ['name', ['name'], 'name'],
  ['something.else', ['name'], 'something.else'],
])('%s belongs to the input %j', (field, names, input) => {
  const body = { code: 'invalid', title: 'x', errors: [{ field, message: 'is wrong' }] };
  expect(problemFrom(422, body, null).byNameIn(names)).toEqual({ [input]: 'is wrong' });
});
