const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
];

export function relativeTime(iso: string, nowMs: number = Date.now()): string {
  let amount = (new Date(iso).getTime() - nowMs) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(amount) < length) return relative.format(Math.round(amount), unit);
    amount /= length;
  }
  return iso;
}

export function isPast(iso: string, nowMs: number = Date.now()): boolean {
  return Date.parse(iso) <= nowMs;
}

export function Time({ iso }: { iso: string }) {
  return (
    <time dateTime={iso} title={new Date(iso).toLocaleString()}>
      {relativeTime(iso)}
    </time>
  );
}

/** 12:03:09.417: what a stream of events needs. */
export function clockTime(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

const weekday = new Intl.DateTimeFormat('en', { weekday: 'short' });

/** Of another day than today its name comes first. */
export function momentInWords(ms: number, nowMs: number = Date.now()): string {
  const time = clockTime(ms).slice(0, 8);
  const isToday = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  return isToday ? time : `${weekday.format(ms)} ${time}`;
}

/** As exact as fits where times stand below each other: milliseconds today, the day otherwise. */
export function rowTime(ms: number, nowMs: number = Date.now()): string {
  const words = momentInWords(ms, nowMs);
  return words.length > 8 ? words : clockTime(ms);
}

/** 2:41, or 1:02:41 from an hour on. A second that has begun counts whole. */
export function timeLeft(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((Date.parse(iso) - nowMs) / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
