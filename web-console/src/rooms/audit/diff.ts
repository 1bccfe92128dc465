export type Change = { path: string; before: string | null; after: string | null };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string | null =>
  value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);

/** What differs, member by member; what stayed as it was is left out. A thing that was made or went is listed whole. */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isRecord(before ?? {}) || !isRecord(after ?? {})) {
    return [{ path, before: shown(before ?? undefined), after: shown(after ?? undefined) }];
  }
  const [old, now] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const inner = path === '' ? name : `${path}.${name}`;
    const bothRecords = isRecord(old[name]) || isRecord(now[name]);
    return bothRecords
      ? changesBetween(old[name], now[name], inner)
      : JSON.stringify(old[name]) === JSON.stringify(now[name])
        ? []
        : [{ path: inner, before: shown(old[name]), after: shown(now[name]) }];
  });
}
