/** An instant as a field for local date and time wants it, to the second. */
export function localOf(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Why the stream cannot begin there, or null. */
export function momentProblem(
  typed: string,
  reachesToMs: number | undefined,
  nowMs: number = Date.now(),
): string | null {
  const ms = new Date(typed).getTime();
  if (Number.isNaN(ms)) return 'Give a date and a time';
  if (ms > nowMs) return 'That is still to come';
  if (reachesToMs !== undefined && ms < reachesToMs) return 'Your plan does not look back that far';
  return null;
}
