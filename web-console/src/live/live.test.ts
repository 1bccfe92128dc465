import { describe, expect, test } from 'vitest';
import { withNewest } from './buffer';
import { readFrame, summary, type LiveEvent } from './event';
import { backoffMs, LiveFeed, type Clock } from './feed';
import { NO_FILTER, passes, withWebhooks } from './filter';

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  close() {
    this.closed = true;
  }
}

class ManualClock implements Clock {
  time = 0;
  #waiting: { at: number; run: () => void }[] = [];
  now() {
    return this.time;
  }
  after(ms: number, run: () => void) {
    const entry = { at: this.time + ms, run };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }
  advance(ms: number) {
    this.time += ms;
    const due = this.#waiting.filter((entry) => entry.at <= this.time);
    this.#waiting = this.#waiting.filter((entry) => entry.at > this.time);
    for (const entry of due) entry.run();
  }
}

function givenFeed() {
  const sockets: FakeSocket[] = [];
  const clock = new ManualClock();
  const feed = new LiveFeed(
    'ws://console/v1/apps/1/live',
    () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    clock,
    () => 0,
  );
  feed.start();
  return { feed, sockets, clock, last: () => sockets.at(-1) as FakeSocket };
}

const published = (n: number) =>
  JSON.stringify({ at_ms: n, kind: 'published', channel: 'chat', event: 'e', data: '{}' });

describe('the feed', () => {
  test('gathers events into one change, newest first', () => {
    const { feed, clock, last } = givenFeed();
    let changes = 0;
    last().onopen?.();
    feed.subscribe(() => (changes += 1));
    last().onmessage?.({ data: published(1) });
    last().onmessage?.({ data: published(2) });
    last().onmessage?.({ data: '{"kind":"dropped","count":7}' });
    expect(feed.snapshot().rows).toHaveLength(0);
    clock.advance(50);
    expect(changes).toBe(1);
    expect(feed.snapshot().rows.map((row) => row.atMs)).toEqual([2, 1]);
    expect(feed.snapshot()).toMatchObject({ status: 'open', seen: 2, dropped: 7 });
  });

  test('tells a lone event at once, and what follows no more often than every 50 ms', () => {
    const { feed, clock, last } = givenFeed();
    const tell = (n: number) => last().onmessage?.({ data: published(n) });
    const seen = () => feed.snapshot().seen;
    tell(1);
    clock.advance(0);
    expect(seen()).toBe(1);
    tell(2);
    tell(3);
    clock.advance(49);
    expect(seen()).toBe(1);
    clock.advance(1);
    expect(seen()).toBe(3);
    clock.advance(200);
    tell(4);
    clock.advance(0);
    expect(seen()).toBe(4);
  });

  test('reconnects with growing waits and starts over after success', () => {
    const { feed, clock, last, sockets } = givenFeed();
    last().onclose?.();
    expect(feed.snapshot()).toMatchObject({ status: 'reconnecting', retryAtMs: 500 });
    clock.advance(500);
    last().onclose?.();
    expect(feed.snapshot().retryAtMs).toBe(1_500);
    clock.advance(1_000);
    last().onopen?.();
    expect(feed.snapshot().status).toBe('open');
    last().onclose?.();
    expect(feed.snapshot().retryAtMs).toBe(2_000);
    expect(sockets).toHaveLength(3);
  });

  test('keeps what it has while it reconnects', () => {
    const { feed, clock, last } = givenFeed();
    last().onmessage?.({ data: published(1) });
    clock.advance(50);
    last().onclose?.();
    expect(feed.snapshot().rows).toHaveLength(1);
  });

  test('tells for how long nobody listened, from the last that was seen', () => {
    const { feed, clock, last } = givenFeed();
    last().onopen?.();
    expect(feed.snapshot().interruption).toBeNull();
    last().onmessage?.({ data: published(1_000) });
    clock.advance(50);
    last().onclose?.();
    clock.advance(500);
    last().onclose?.();
    clock.advance(1_000);
    last().onopen?.();
    expect(feed.snapshot().interruption).toEqual({ fromMs: 1_000, untilMs: 1_550 });
  });

  test('puts what was missed in its place, once', () => {
    const { feed, clock, last } = givenFeed();
    last().onmessage?.({ data: published(1) });
    last().onmessage?.({ data: published(5) });
    clock.advance(50);
    const missed = [5, 3].map((atMs) => ({
      id: `kept-${atMs}`,
      atMs,
      kind: 'published' as const,
      channel: 'chat',
      event: 'e',
    }));
    feed.mend(missed);
    last().onmessage?.({ data: published(6) });
    clock.advance(50);
    const { rows, seen } = feed.snapshot();
    expect(rows.map((row) => row.atMs)).toEqual([6, 5, 3, 1]);
    expect(new Set(rows.map((row) => row.id)).size).toBe(4);
    expect(seen).toBe(4);
  });

  test('takes events that came by another way, in their turn', () => {
    const { feed, clock, last } = givenFeed();
    last().onmessage?.({ data: published(1) });
    feed.tell({ kind: 'webhook', atMs: 2, event: 'channel_occupied' });
    clock.advance(50);
    expect(feed.snapshot().rows.map((row) => row.kind)).toEqual(['webhook', 'published']);
  });

  test('a stopped feed stays stopped', () => {
    const { feed, clock, last, sockets } = givenFeed();
    const socket = last();
    feed.stop();
    socket.onclose?.();
    clock.advance(60_000);
    expect(socket.closed).toBe(true);
    expect(sockets).toHaveLength(1);
    expect(feed.snapshot().status).toBe('closed');
  });
});

test.each([
  [0, 0, 500],
  [1, 0, 1_000],
  [5, 0, 15_000],
  [50, 0, 15_000],
  [0, 1, 375],
])('attempt %i with random %d waits %i ms', (attempt, random, wait) => {
  expect(backoffMs(attempt, random)).toBe(wait);
});

test.each([
  [[], [1, 2], [2, 1]],
  [[2, 1], [3], [3, 2, 1]],
  [
    [3, 2, 1],
    [4, 5],
    [5, 4, 3],
  ],
  [[1], [2, 3, 4, 5], [5, 4, 3]],
  [[2, 1], [], [2, 1]],
])('a buffer of three: %j and then %j gives %j', (rows, batch, expected) => {
  expect(withNewest(rows, batch, 3)).toEqual(expected);
});

describe('frames', () => {
  test.each([
    ['no JSON', '{'],
    ['an unknown kind', '{"kind":"later","at_ms":1}'],
    ['no time', '{"kind":"published"}'],
    ['a bare value', '1'],
    ['dropped without a count', '{"kind":"dropped"}'],
  ])('%s is passed over', (_name, text) => {
    expect(readFrame(text)).toBeNull();
  });

  test('a refusal keeps its code and words', () => {
    const frame = readFrame('{"kind":"refused","at_ms":5,"code":4009,"message":"Bad signature"}');
    expect(frame?.type === 'event' && summary({ ...frame.event, id: 1 })).toBe('4009 · Bad signature');
  });
});

test('what was only counted passes every filter', () => {
  const row = { kind: 'dropped' as const, id: 'd', atMs: 1, count: 3 };
  expect(passes(row, { ...NO_FILTER, search: 'absent' })).toBe(true);
});

test('webhook events are shown where they are switched on or asked for', () => {
  const row: LiveEvent = { id: 1, atMs: 1, kind: 'webhook', event: 'channel_occupied' };
  const isShown = (kinds: LiveEvent['kind'][], on: boolean) =>
    passes(row, withWebhooks({ ...NO_FILTER, kinds }, on));
  expect([isShown([], false), isShown([], true)]).toEqual([false, true]);
  expect([isShown(['webhook'], false), isShown(['published'], true)]).toEqual([true, false]);
  expect(passes({ ...row, kind: 'refused' }, withWebhooks(NO_FILTER, false))).toBe(true);
});

describe('filters', () => {
  const event: LiveEvent = {
    id: 1,
    atMs: 1,
    kind: 'published',
    channel: 'private-Chat',
    event: 'message.created',
    data: '{"body":"Hello"}',
    socketId: '12.34',
    dialect: 'relay',
  };
  test.each([
    [{}, true],
    [{ kinds: ['published' as const] }, true],
    [{ kinds: ['refused' as const] }, false],
    [{ channel: 'chat' }, true],
    [{ channel: 'news' }, false],
    [{ channel: 'private-*' }, true],
    [{ channel: '*.chat' }, false],
    [{ channel: 'chat*' }, false],
    [{ event: 'message.*' }, true],
    [{ event: 'messageX*' }, false],
    [{ event: 'created' }, true],
    [{ socket: '12.34' }, true],
    [{ socket: '12.3' }, false],
    [{ dialect: 'relay' }, true],
    [{ dialect: 'pusher' }, false],
    [{ search: 'hello' }, true],
    [{ search: '12.34' }, true],
    [{ search: 'absent' }, false],
    [{ channel: 'chat', search: 'absent' }, false],
  ])('%j passes: %s', (part, expected) => {
    expect(passes(event, { ...NO_FILTER, ...part })).toBe(expected);
  });
});
