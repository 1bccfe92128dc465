import type { UsageRange } from '../../api/usage';
import type { Granularity } from '../../api/types';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** What one can look at, and how finely. */
export const SPANS = [
  { value: 'hour', label: 'Last hour', granularity: 'minute', ms: 60 * MINUTE },
  { value: 'day', label: '24 hours', granularity: 'hour', ms: DAY },
  { value: 'week', label: '7 days', granularity: 'hour', ms: 7 * DAY },
  { value: 'month', label: '30 days', granularity: 'day', ms: 30 * DAY },
  { value: 'year', label: '13 months', granularity: 'month', ms: 395 * DAY },
] as const satisfies readonly { value: string; label: string; granularity: Granularity; ms: number }[];

export type Span = (typeof SPANS)[number]['value'];

const STEP: Record<Granularity, number> = {
  minute: MINUTE,
  hour: 60 * MINUTE,
  day: DAY,
  month: DAY,
};

/** Begins with a whole bucket, so that asking again within it is the same question. */
export function rangeOf(span: Span, nowMs: number = Date.now()): UsageRange {
  const { granularity, ms } = SPANS.find(({ value }) => value === span) ?? SPANS[1];
  const step = STEP[granularity];
  const from = Math.floor((nowMs - ms + step) / step) * step;
  return { granularity, from: new Date(from).toISOString() };
}
