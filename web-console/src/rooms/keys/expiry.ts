export const EXPIRIES = [
  { value: 'never', label: 'Never' },
  { value: '1', label: 'In 24 hours' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'date', label: 'On a date…' },
] as const;

export type Expiry = (typeof EXPIRIES)[number]['value'];

/** The moment in the API's form; undefined is never. A date means its end, in the reader's own time zone. */
export function expiresAt(expiry: Expiry, date: string, nowMs: number = Date.now()): string | undefined {
  if (expiry === 'never') return undefined;
  if (expiry === 'date') return new Date(`${date}T23:59:59`).toISOString();
  return new Date(nowMs + Number(expiry) * 86_400_000).toISOString();
}

/** Of something that is there already, whose end may also stay as it is. */
export type ChangedExpiry = Expiry | 'keep';

export function changedExpiry(expiry: ChangedExpiry, date: string): { expires_at?: string | null } {
  return expiry === 'keep' ? {} : { expires_at: expiresAt(expiry, date) ?? null };
}

export function dateProblem(expiry: ChangedExpiry, date: string, nowMs: number = Date.now()): string | null {
  if (expiry !== 'date') return null;
  const end = Date.parse(`${date}T23:59:59`);
  if (Number.isNaN(end)) return 'Choose a date';
  return end <= nowMs ? 'This date has passed' : null;
}
