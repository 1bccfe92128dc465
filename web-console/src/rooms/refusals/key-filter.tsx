import { Select } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { credentialsQuery } from '../../api/apps';

/** Chooses one of the app's keys: those there are, those among the refusals, and the one that is asked for. */
export function KeyFilter({
  app,
  names,
  seen,
  value,
  onChange,
}: {
  app: string;
  names: ReadonlyMap<string, string>;
  seen: readonly (string | null)[];
  value: string | undefined;
  onChange: (key: string | undefined) => void;
}) {
  const pairs = useInfiniteQuery(credentialsQuery(app)).data?.pages.flatMap(({ items }) => items) ?? [];
  const keys = new Set([...names.keys(), ...pairs.map(({ key }) => key)]);
  for (const key of [...seen, value]) if (key) keys.add(key);
  return (
    <Select
      aria-label="Key"
      placeholder="Every key"
      clearable
      searchable
      w={220}
      nothingFoundMessage="No such key"
      data={[...keys].map((key) => ({ value: key, label: keyLabel(key, names) }))}
      value={value ?? null}
      onChange={(key) => onChange(key ?? undefined)}
    />
  );
}

const keyLabel = (key: string, names: ReadonlyMap<string, string>): string => {
  const name = names.get(key);
  return name ? `${name} (${key})` : key;
};
