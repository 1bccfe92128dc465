import type { Quota } from '../../api/types';

const DAY = 86_400_000;

/** What will have been used when the day ends, at the day's pace so far. The day is UTC's. */
export function endOfDay({ used, resets_at }: Pick<Quota, 'used' | 'resets_at'>, nowMs: number): number {
  const left = Math.min(Math.max(Date.parse(resets_at) - nowMs, 0), DAY);
  const elapsed = DAY - left;
  // In its first minutes a day says nothing about its end yet.
  return elapsed < 10 * 60_000 ? used : Math.round((used * DAY) / elapsed);
}

/** What will have been used when a stretch of time ends, at its pace so far. Its first hour says nothing yet. */
export function endOfPeriod(
  used: number,
  { start, end }: { start: number; end: number },
  nowMs: number,
): number {
  const elapsed = Math.min(Math.max(nowMs - start, 0), end - start);
  return elapsed < 3_600_000 ? used : Math.round((used * (end - start)) / elapsed);
}
