export type Change = { path: string; before: unknown; after: unknown };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/**
 * What differs, member by member; what stayed as it was is left out. A thing that was made or went is listed whole.
 * `undefined` is a side on which it was not.
 */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  if (same(before, after)) return [];
  if (!isRecord(before ?? {}) || !isRecord(after ?? {})) {
    return [{ path, before: before ?? undefined, after: after ?? undefined }];
  }
  const [old, now] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const inner = path === '' ? name : `${path}.${name}`;
    if (isRecord(old[name]) || isRecord(now[name])) return changesBetween(old[name], now[name], inner);
    return same(old[name], now[name]) ? [] : [{ path: inner, before: old[name], after: now[name] }];
  });
}

/** `settings.client_events` as people read it: Settings › Client events. */
export function pathWords(path: string): string {
  const words = (name: string) => {
    const spaced = name.replaceAll('_', ' ').replace(/ (s|ms)$/, ' ($1)');
    return spaced.charAt(0).toUpperCase() + spaced.slice(1);
  };
  return path === '' ? 'Value' : path.split('.').map(words).join(' › ');
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** A value as people read it. */
export function valueWords(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return value.toLocaleString('en');
  if (typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value))) {
    return new Date(value).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
  }
  if (Array.isArray(value)) {
    return value.length === 0
      ? 'none'
      : value.map((item) => (isRecord(item) ? JSON.stringify(item) : String(item))).join(', ');
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A change in one line, for a list. */
export function changeWords({ path, before, after }: Change): string {
  return `${pathWords(path)}: ${valueWords(before)} → ${valueWords(after)}`;
}
