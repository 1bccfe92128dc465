import { problemFrom, unreachable, type Problem } from '../api/problem';
import type { LiveEvent } from './event';
import { backoffMs } from './feed';

type Told = Omit<LiveEvent, 'id'>;

/** One line of the stream. A heartbeat, and what a later version says, is nothing to show. */
export function readTold(line: string): Told | null {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof raw !== 'object' || raw === null) return null;
  const { type, channel, at, data } = raw as Record<string, unknown>;
  const atMs = typeof at === 'string' ? Date.parse(at) : NaN;
  if (typeof type !== 'string' || Number.isNaN(atMs)) return null;
  return {
    kind: 'webhook',
    atMs,
    event: type,
    ...(typeof channel === 'string' && channel !== '' ? { channel } : {}),
    ...(data === undefined ? {} : { data: JSON.stringify(data) }),
  };
}

/** Whole lines out of pieces; the last one may still be on its way. */
export function linesOf(held: string, piece: string): { lines: string[]; held: string } {
  const lines = (held + piece).split('\n');
  const rest = lines.pop() ?? '';
  return { lines: lines.filter((line) => line.trim() !== ''), held: rest };
}

/**
 * What an app's webhook endpoints would be told, as it happens. While somebody listens the gateways tell every kind,
 * so this runs only where it is asked for. Comes back by itself; ends for good where it is refused.
 */
export function listenToWebhooks(
  app: string,
  onTold: (told: Told) => void,
  onRefused: (problem: Problem) => void,
) {
  const stopped = new AbortController();
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const again = () => {
    if (stopped.signal.aborted) return;
    timer = setTimeout(() => void listen(), backoffMs(attempt, Math.random()));
    attempt += 1;
  };

  async function listen(): Promise<void> {
    try {
      const response = await fetch(`/v1/apps/${encodeURIComponent(app)}/webhooks/events`, {
        credentials: 'same-origin',
        signal: stopped.signal,
      });
      if (!response.ok) {
        const body: unknown = await response.json().catch(() => null);
        const problem = problemFrom(response.status, body, response.headers.get('x-request-id'));
        if (response.status < 500) return onRefused(problem);
        return again();
      }
      if (!response.body) return onRefused(unreachable());
      attempt = 0;
      const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let held = '';
      for (;;) {
        const { done, value } = await pieces.read();
        if (done) break;
        const read = linesOf(held, value);
        held = read.held;
        for (const line of read.lines) {
          const told = readTold(line);
          if (told) onTold(told);
        }
      }
    } catch {
      // The connection broke, or somebody stopped listening.
    }
    again();
  }

  void listen();
  return () => {
    stopped.abort();
    clearTimeout(timer);
  };
}
