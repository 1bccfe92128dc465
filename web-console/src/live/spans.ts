const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const SPAN_IDS = ['15m', '1h', '6h', '24h'] as const;
export type SpanId = (typeof SPAN_IDS)[number];

export const SPANS: readonly { id: SpanId; ms: number; label: string }[] = [
  { id: '15m', ms: 15 * MINUTE, label: 'Last 15 minutes' },
  { id: '1h', ms: HOUR, label: 'Last hour' },
  { id: '6h', ms: 6 * HOUR, label: 'Last 6 hours' },
  { id: '24h', ms: 24 * HOUR, label: 'Last 24 hours' },
];

/** How far back a plan reaches, in whole hours: the answer was under way for a moment. */
export const hoursOf = (reachesToMs: number, nowMs: number = Date.now()): number =>
  Math.max(0, Math.round((nowMs - reachesToMs) / HOUR));

/** The most that any plan reaches back. */
export const MOST_HOURS = 24;

export const isWithin = (ms: number, hours: number): boolean => ms <= hours * HOUR;

/** What the plan reaches back, in words. */
export const hoursInWords = (hours: number): string => (hours === 1 ? '1 hour' : `${hours} hours`);
