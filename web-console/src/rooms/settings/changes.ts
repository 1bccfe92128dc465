/** How a setting is called, and how a value of it reads. */
export type Field<Value> = { label: string; show?: (value: Value) => string };
export type Fields<Values> = { [name in keyof Values]: Field<Values[name]> };

export type Change =
  { label: string; before: string; after: string } | { label: string; added: string[]; removed: string[] };

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return value.toLocaleString('en');
  return value === '' ? 'nothing' : String(value);
}

/** What saving would change, in words. */
export function changesOf<Values extends Record<string, unknown>>(
  before: Values,
  after: Values,
  fields: Fields<Values>,
): Change[] {
  return (Object.keys(fields) as (keyof Values & string)[]).flatMap((name): Change[] => {
    const [old, now] = [before[name], after[name]];
    if (JSON.stringify(old) === JSON.stringify(now)) return [];
    const { label, show } = fields[name];
    if (!show && isTexts(old) && isTexts(now)) {
      const [added, removed] = [
        now.filter((item) => !old.includes(item)),
        old.filter((i) => !now.includes(i)),
      ];
      if (added.length + removed.length > 0) return [{ label, added, removed }];
    }
    const read: (value: Values[typeof name]) => string = show ?? shown;
    return [{ label, before: read(old), after: read(now) }];
  });
}
