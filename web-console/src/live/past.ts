import { readEvent, type LiveEvent, type StreamRow } from './event';

/** An event or a count as it was kept, or null for a kind of a later version. */
export function keptRow(item: { id: string } & Record<string, unknown>): StreamRow | null {
  if (item['kind'] === 'dropped') {
    const { at_ms: atMs, count } = item;
    if (typeof atMs !== 'number' || typeof count !== 'number') return null;
    return { kind: 'dropped', id: item.id, atMs, count };
  }
  const event = readEvent(item);
  return event && { ...event, id: item.id };
}

/** What makes two tellings one event. Payloads are left out: a kept one may be shortened or withheld. */
function mark({ atMs, kind, channel, event, socketId, requestId }: LiveEvent): string {
  return JSON.stringify([atMs, kind, channel, event, socketId, requestId]);
}

/**
 * Past and present as one stream, newest first, without doubles and without holes.
 *
 * `live` is what the page has seen itself, `kept` what was asked for; both newest first. Where they overlap, an event
 * that both tell is shown once, as it was seen; one that only the past tells (it happened while the live socket was
 * away) takes its place among the others. Counts of what was not kept belong to the time before the page watched:
 * afterwards it has seen those events.
 */
export function joined(live: readonly LiveEvent[], kept: readonly LiveEvent[]): LiveEvent[];
export function joined(live: readonly StreamRow[], kept: readonly StreamRow[]): StreamRow[];
export function joined(live: readonly StreamRow[], kept: readonly StreamRow[]): StreamRow[] {
  const newestKept = kept[0]?.atMs;
  const oldestLive = live.at(-1)?.atMs;
  if (newestKept === undefined) return [...live];
  if (oldestLive === undefined) return [...kept];

  const seen = new Map<string, number>();
  for (const row of live) {
    if (row.kind === 'dropped' || row.atMs > newestKept) continue;
    const name = mark(row);
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  const more = kept.filter((row) => {
    if (row.kind === 'dropped') return row.atMs < oldestLive;
    const name = mark(row);
    const left = seen.get(name) ?? 0;
    if (left > 0) seen.set(name, left - 1);
    return left === 0;
  });

  const rows: StreamRow[] = [];
  let at = 0;
  for (const row of live) {
    for (let next = more[at]; next && next.atMs > row.atMs; next = more[at]) {
      rows.push(next);
      at += 1;
    }
    rows.push(row);
  }
  return rows.concat(more.slice(at));
}

/** Counts with nothing between them become one. */
export function withCountsMerged(rows: readonly StreamRow[]): StreamRow[] {
  const merged: StreamRow[] = [];
  for (const row of rows) {
    const before = merged.at(-1);
    if (row.kind === 'dropped' && before?.kind === 'dropped') {
      merged[merged.length - 1] = { ...before, count: before.count + row.count };
    } else merged.push(row);
  }
  return merged;
}

const PAGES_AT_ONCE = 5;
const ROWS_FOR_A_PAGE = 10;

/**
 * Whether the next page is read without being asked for. A filter that hardly anything passes would otherwise read a
 * whole day; every press of the button grants some more pages.
 */
export function looksFurther(pages: number, rows: number, granted: number): boolean {
  const beyond = pages - PAGES_AT_ONCE * (1 + granted);
  return beyond < 0 || rows > (beyond + 1) * ROWS_FOR_A_PAGE * PAGES_AT_ONCE;
}
