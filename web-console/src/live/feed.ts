import { CAPACITY, withNewest } from './buffer';
import { readFrame, type LiveEvent } from './event';
import { joined } from './past';

export type LiveStatus = 'connecting' | 'open' | 'reconnecting' | 'closed';

export type LiveSnapshot = {
  status: LiveStatus;
  /** When the next attempt is made, while reconnecting. */
  retryAtMs: number | null;
  /** Newest first. */
  rows: readonly LiveEvent[];
  /** Everything seen since the page opened, also what no longer fits the buffer. */
  seen: number;
  /** Events that were counted but not sent, because the app was too busy to show each. */
  dropped: number;
  /** The last time that nobody listened, while the page was open: what happened then can be asked for. */
  interruption: { fromMs: number; untilMs: number } | null;
};

const EMPTY: LiveSnapshot = {
  status: 'connecting',
  retryAtMs: null,
  rows: [],
  seen: 0,
  dropped: 0,
  interruption: null,
};

export type Clock = {
  now(): number;
  after(ms: number, run: () => void): () => void;
};

const browserClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Delay before attempt n (0-based): doubling from half a second to fifteen, with up to a quarter off at random. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(full * (1 - random / 4));
}

/** The page is told of an event at once, but no more often than this: one render per batch, however busy the app is. */
const GATHER_MS = 50;

/** The live socket of one app: connects, reconnects, keeps the newest events. */
export class LiveFeed {
  #snapshot = EMPTY;
  #listeners = new Set<() => void>();
  #socket: WebSocket | null = null;
  #attempt = 0;
  #batch: LiveEvent[] = [];
  #droppedInBatch = 0;
  #cancelRetry: (() => void) | null = null;
  #cancelFlush: (() => void) | null = null;
  #flushedAtMs = -Infinity;
  #running = false;
  #closedAtMs: number | null = null;

  constructor(
    private readonly url: string,
    private readonly open: (url: string) => WebSocket = (to) => new WebSocket(to),
    private readonly clock: Clock = browserClock,
    private readonly random: () => number = Math.random,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): LiveSnapshot => this.#snapshot;

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#cancelRetry?.();
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#socket?.close(1000);
    this.#socket = null;
    this.#set({ status: 'closed', retryAtMs: null });
  }

  /** Tries again now instead of waiting; for a button and for coming back online. */
  readonly retryNow = (): void => {
    if (this.#snapshot.status !== 'reconnecting') return;
    this.#cancelRetry?.();
    this.#connect();
  };

  readonly clear = (): void => {
    this.#batch = [];
    this.#set({ rows: [], seen: 0, dropped: 0 });
  };

  #connect(): void {
    this.#set({ status: this.#attempt === 0 ? 'connecting' : 'reconnecting', retryAtMs: null });
    const socket = this.open(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#attempt = 0;
      const fromMs = this.#closedAtMs;
      this.#closedAtMs = null;
      this.#set({
        status: 'open',
        retryAtMs: null,
        ...(fromMs === null ? {} : { interruption: { fromMs, untilMs: this.clock.now() } }),
      });
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      if (socket === this.#socket && typeof message.data === 'string') this.#take(message.data);
    };
    socket.onclose = () => {
      if (socket !== this.#socket || !this.#running) return;
      this.#socket = null;
      this.#closedAtMs ??= this.#snapshot.rows[0]?.atMs ?? this.clock.now();
      const wait = backoffMs(this.#attempt, this.random());
      this.#attempt += 1;
      this.#set({ status: 'reconnecting', retryAtMs: this.clock.now() + wait });
      this.#cancelRetry = this.clock.after(wait, () => this.#connect());
    };
  }

  #take(text: string): void {
    const frame = readFrame(text);
    if (!frame) return;
    if (frame.type === 'dropped') {
      this.#droppedInBatch += frame.count;
      this.#flushSoon();
    } else this.#add(frame.event);
  }

  /** Takes what came by another way than the socket: webhook events have a stream of their own. */
  readonly tell = (event: Omit<LiveEvent, 'id'>): void => {
    if (this.#running) this.#add(event);
  };

  /** Puts in what was missed, each event in its place. */
  readonly mend = (missed: readonly LiveEvent[]): void => {
    if (!this.#running || missed.length === 0) return;
    const { rows, seen } = this.#snapshot;
    const mended = joined(rows, missed);
    this.#set({ rows: mended.slice(0, CAPACITY), seen: seen + mended.length - rows.length });
  };

  #add(event: Omit<LiveEvent, 'id'>): void {
    this.#batch.push({ ...event, id: this.#snapshot.seen + this.#batch.length + 1 });
    this.#flushSoon();
  }

  #flushSoon(): void {
    const wait = Math.max(0, this.#flushedAtMs + GATHER_MS - this.clock.now());
    this.#cancelFlush ??= this.clock.after(wait, () => this.#flush());
  }

  #flush(): void {
    this.#flushedAtMs = this.clock.now();
    this.#cancelFlush = null;
    const batch = this.#batch;
    this.#batch = [];
    const dropped = this.#droppedInBatch;
    this.#droppedInBatch = 0;
    this.#set({
      rows: withNewest(this.#snapshot.rows, batch),
      seen: this.#snapshot.seen + batch.length,
      dropped: this.#snapshot.dropped + dropped,
    });
  }

  #set(part: Partial<LiveSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part };
    for (const listener of this.#listeners) listener();
  }
}
