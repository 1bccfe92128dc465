import { expect, test } from 'vitest';
import { linesOf, readTold } from './webhook-stream';

test('a line becomes an event of the stream', () => {
  const line =
    '{"id":"m1","type":"member_added","channel":"presence-a","at":"2026-11-21T12:00:00Z","data":{"user_id":"7"}}';
  expect(readTold(line)).toEqual({
    kind: 'webhook',
    atMs: Date.parse('2026-11-21T12:00:00Z'),
    event: 'member_added',
    channel: 'presence-a',
    data: '{"user_id":"7"}',
  });
});

test.each(['{"heartbeat":true}', '{', '1', '{"type":"x","at":"never"}'])('%s is nothing to show', (line) => {
  expect(readTold(line)).toBeNull();
});

test('a line that comes in pieces is one line', () => {
  const first = linesOf('', '{"a":1}\n{"b"');
  expect(first).toEqual({ lines: ['{"a":1}'], held: '{"b"' });
  expect(linesOf(first.held, ':2}\n\n')).toEqual({ lines: ['{"b":2}'], held: '' });
});
