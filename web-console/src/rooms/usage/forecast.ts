import type { Quota } from '../../api/types';

const DAY = 86_400_000;

/** What will have been used when the day ends, at the day's pace so far. The day is UTC's. */
export function endOfDay({ used, resets_at }: Pick<Quota, 'used' | 'resets_at'>, nowMs: number): number {
  const left = Math.min(Math.max(Date.parse(resets_at) - nowMs, 0), DAY);
  const elapsed = DAY - left;
  // In its first minutes a day says nothing about its end yet.
  return elapsed < 10 * 60_000 ? used : Math.round((used * DAY) / elapsed);
}
