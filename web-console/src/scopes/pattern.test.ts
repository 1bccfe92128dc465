import { describe, expect, test } from 'vitest';
import { describePattern, matches, patternProblem } from './pattern';

describe('the table of the pattern grammar', () => {
  test.each([
    ['app_abc/*', 'app_abc/room-1', true],
    ['app_abc/*', 'app_abc/sub/deep', false],
    ['app_abc/**', 'app_abc/sub/deep', true],
    ['**', 'other/x', true],
    ['app_abc/room-*', 'app_abc/room-1', true],
    ['app_abc/room-*', 'app_abc/sub/deep', false],
    ['*', 'a/b', false],
    ['room-*', 'Room-1', false],
    ['app_abc/*', 'app_abc', false],
    ['app_abc/**', 'app_abc', false],
    ['app_abc/*', 'app_abc/', true],
    ['devices/*/events', 'devices/7/events', true],
    ['devices/*/events', 'devices/7/x/events', false],
    ['**/events', 'a/b/events', true],
    ['**/events', 'events', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a\\\\b', 'a\\b', true],
    ['a\\', 'a\\', true],
    ['a***b', 'a/x/b', true],
    ['*', '', true],
    ['private-*', 'private-room.42:a-b', true],
    ['a*b*c', 'abbbc', true],
    ['a*b*c', 'ab/c', false],
    ['**a*', 'x/a/b', false],
    ['**a*', 'x/y/ab', true],
    ['café-*', 'café-1', true],
  ])('%s against %s is %s', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  test('many stars stay linear', () => {
    const started = performance.now();
    expect(matches('*a'.repeat(16), 'a'.repeat(256) + 'b')).toBe(false);
    expect(performance.now() - started).toBeLessThan(50);
  });
});

test.each([
  ['', 'empty'],
  ['x'.repeat(257), '256 bytes'],
  ['é'.repeat(129), '256 bytes'],
  ['a\u0007', 'control'],
  ['*a'.repeat(17), '16 stars'],
])('%j is refused', (pattern, words) => {
  expect(patternProblem(pattern)).toContain(words);
});

test.each(['**', 'x'.repeat(256), '*a'.repeat(16)])('%j is accepted', (pattern) => {
  expect(patternProblem(pattern)).toBeNull();
});

test.each([
  ['**', 'every channel of the app'],
  ['*', 'every channel without a / in its name'],
  ['chat', 'only the channel chat'],
  ['chat/**', 'channels that start with chat/'],
  ['chat-*', 'channels that start with chat- and have no further /'],
])('%s reads as "%s"', (pattern, words) => {
  expect(describePattern(pattern)).toBe(words);
});
