import { Button, Select, TextInput } from '@mantine/core';
import { X } from 'lucide-react';
import { useState } from 'react';
import type { AuditFilter } from '../../api/audit';
import css from './audit.module.css';
import { DEED_GROUPS } from './deeds';

const ACTIONS = DEED_GROUPS.map(({ prefix, label, deeds }) => ({
  group: label,
  items: [
    { value: prefix, label: `${label}: all` },
    ...Object.entries(deeds).map(([name, [words]]) => ({
      value: `${prefix}.${name}`,
      label: `${label}: ${words}`,
    })),
  ],
}));
const ACTION_VALUES = new Set(ACTIONS.flatMap(({ items }) => items.map(({ value }) => value)));

type Choice = { value: string; label: string };

/** What narrows the log; kept in the address. `people` and `apps` are those that can be chosen from. */
export function Filters({
  filter,
  people,
  apps,
  onChange,
}: {
  filter: AuditFilter;
  people: { group: string; items: Choice[] }[];
  apps: Choice[];
  onChange: (change: AuditFilter) => void;
}) {
  const { action, actor, app, subject } = filter;
  return (
    <div role="search" aria-label="Filter the audit log">
      <div className={css.filters}>
        <Select
          label="What"
          placeholder="Anything"
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Anything' }}
          nothingFoundMessage="No such action"
          data={withOwn(ACTIONS, action && !ACTION_VALUES.has(action) ? action : undefined)}
          value={action ?? null}
          onChange={(action) => onChange({ action: action ?? undefined })}
        />
        <ActorSelect key={actor} actor={actor} people={people} onChange={onChange} />
        <Select
          label="App"
          placeholder="Any, and none"
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Any app' }}
          nothingFoundMessage="No such app"
          data={withOwn(apps, app && apps.every(({ value }) => value !== app) ? app : undefined)}
          value={app ?? null}
          onChange={(app) => onChange({ app: app ?? undefined })}
        />
        <TextInput
          label="From"
          type="date"
          value={filter.from ?? ''}
          onChange={(event) => onChange({ from: event.currentTarget.value || undefined })}
        />
        <TextInput
          label="To"
          type="date"
          value={filter.to ?? ''}
          onChange={(event) => onChange({ to: event.currentTarget.value || undefined })}
        />
      </div>
      {subject && (
        <p className={css.only}>
          Only what was done to <code>{subject}</code>
          <Button
            size="compact-xs"
            variant="default"
            rightSection={<X size={12} aria-hidden />}
            onClick={() => onChange({ subject: undefined })}
          >
            Show the rest too
          </Button>
        </p>
      )}
    </div>
  );
}

/** Somebody of the team, a token, or whoever else was here once, by address. */
function ActorSelect({
  actor,
  people,
  onChange,
}: {
  actor: string | undefined;
  people: { group: string; items: Choice[] }[];
  onChange: (change: AuditFilter) => void;
}) {
  const [typed, setTyped] = useState('');
  const all = people.flatMap(({ items }) => items);
  const known = (text: string) => all.some(({ value, label }) => value === text || label === text);
  const own = [actor, typed.includes('@') ? typed.trim() : undefined].find((text) => text && !known(text));
  return (
    <Select
      label="Who"
      placeholder="Anybody"
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Anybody' }}
      nothingFoundMessage="Type a whole address for somebody who has left"
      onSearchChange={setTyped}
      data={withOwn(people, own)}
      value={actor ?? null}
      onChange={(actor) => onChange({ actor: actor ?? undefined })}
    />
  );
}

/** A value that came with the address and is not among those one can choose is shown as it is. */
function withOwn<Item>(data: Item[], own: string | undefined): (Item | Choice)[] {
  return own === undefined ? data : [...data, { value: own, label: own }];
}
