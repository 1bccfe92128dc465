import { describe, expect, test } from 'vitest';
import { channelKind, channelProblem, eventProblem } from './name';

describe('the prefix decides the kind', () => {
  test.each([
    ['chat', 'public', false],
    ['cache-chat', 'public', true],
    ['private-chat', 'private', false],
    ['private-cache-chat', 'private', true],
    ['private-encrypted-chat', 'encrypted', false],
    ['private-encrypted-cache-chat', 'encrypted', true],
    ['presence-chat', 'presence', false],
    ['presence-cache-chat', 'presence', true],
    ['privately', 'public', false],
  ])('%s is %s, cache %s', (name, kind, cache) => {
    expect(channelKind(name)).toEqual({ kind, cache });
  });
});

test.each([
  ['chat', null],
  ['a'.repeat(200), null],
  ['private-room.42;a=b@c,d', null],
  ['', 'Name a channel'],
  ['a'.repeat(201), 'At most 200 characters'],
  ['#server-to-user-1', 'Names that start with # are reserved'],
  ['two words', 'Letters, digits and _ - = @ , . ; only'],
])('channel %j: %s', (name, expected) => {
  expect(channelProblem(name)).toBe(expected);
});

test.each([
  ['message', null],
  ['', 'Name an event'],
  ['pusher:ping', 'Names that start with pusher: are reserved'],
  ['pusher_internal:x', 'Names that start with pusher: are reserved'],
  ['pushers', null],
])('event %j: %s', (name, expected) => {
  expect(eventProblem(name)).toBe(expected);
});
