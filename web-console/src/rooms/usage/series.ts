import type { Granularity, UsageBucket } from '../../api/types';
import type { ChartTone, Series } from '../../ui/chart';

const FORMATS: Record<Granularity, Intl.DateTimeFormatOptions> = {
  minute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  hour: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  // Days and months are those of UTC, as the quota has them.
  day: { month: 'short', day: 'numeric', timeZone: 'UTC' },
  month: { month: 'short', year: 'numeric', timeZone: 'UTC' },
};

export function bucketLabels(buckets: readonly UsageBucket[], granularity: Granularity): string[] {
  const format = new Intl.DateTimeFormat('en', FORMATS[granularity]);
  return buckets.map(({ start }) => format.format(new Date(start)));
}

const SHORT: Record<Granularity, Intl.DateTimeFormatOptions> = {
  ...FORMATS,
  hour: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  month: { month: 'short', timeZone: 'UTC' },
};
/** More hours than these are told apart by their day. */
const HOURS_OF_ONE_DAY = 30;

/** The same with less room, for the axis. */
export function axisLabels(buckets: readonly UsageBucket[], granularity: Granularity): string[] {
  const byDay = granularity === 'hour' && buckets.length > HOURS_OF_ONE_DAY;
  const format = new Intl.DateTimeFormat(
    'en',
    byDay ? { month: 'short', day: 'numeric' } : SHORT[granularity],
  );
  return buckets.map(({ start }) => format.format(new Date(start)));
}

const TONES: ChartTone[] = ['bad', 'warn', 'violet', 'info', 'accent'];
const OTHERS = 'others';

/** One series per cause; beyond the most frequent ones, all others together. */
export function refusalSeries(buckets: readonly UsageBucket[]): Series[] {
  const totals = new Map<string, number>();
  for (const { refused } of buckets) {
    for (const [code, n] of Object.entries(refused)) totals.set(code, (totals.get(code) ?? 0) + n);
  }
  const codes = [...totals].sort(([a, n], [b, m]) => m - n || a.localeCompare(b)).map(([code]) => code);
  const named = codes.length > TONES.length ? codes.slice(0, TONES.length - 1) : codes;
  const rest = codes.slice(named.length);
  const sumOf = (among: string[]) =>
    buckets.map(({ refused }) => among.reduce((sum, code) => sum + (refused[code] ?? 0), 0));
  const groups = [
    ...named.map((code) => [code, [code]] as const),
    ...(rest.length ? [[OTHERS, rest] as const] : []),
  ];
  return groups.map(([name, among], nth) => ({
    name,
    tone: TONES[nth] ?? 'accent',
    values: sumOf([...among]),
  }));
}
