import { Button, Menu, Select, TextInput } from '@mantine/core';
import { CirclePause, CirclePlay, ListFilter, Search, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { KIND_LABELS, KINDS, LIVE_DIALECTS, type LiveKind } from '../../live/event';
import type { LiveFilter } from '../../live/filter';
import { DIALECTS } from '../../snippets/values';
import css from './live.module.css';

export function Toolbar({
  filter,
  onFilter,
  range,
  paused,
  onPause,
  onClear,
}: {
  filter: LiveFilter;
  onFilter: (filter: LiveFilter) => void;
  /** How far back. */
  range: ReactNode;
  paused: boolean;
  /** Missing where the stream stands still anyway. */
  onPause: (() => void) | undefined;
  onClear: () => void;
}) {
  return (
    <div className={css.bar} role="toolbar" aria-label="Filter events">
      {range}
      <KindMenu kinds={filter.kinds} onKinds={(kinds) => onFilter({ ...filter, kinds })} />
      <TextInput
        aria-label="Channel contains"
        placeholder="Channel"
        maxLength={200}
        value={filter.channel}
        onChange={(event) => onFilter({ ...filter, channel: event.currentTarget.value })}
      />
      <TextInput
        aria-label="Event contains"
        placeholder="Event"
        maxLength={200}
        value={filter.event}
        onChange={(event) => onFilter({ ...filter, event: event.currentTarget.value })}
      />
      <TextInput
        aria-label="Connection, its socket id"
        placeholder="Connection"
        spellCheck={false}
        value={filter.socket}
        onChange={(event) => onFilter({ ...filter, socket: event.currentTarget.value.trim() })}
      />
      <Select
        aria-label="Dialect"
        placeholder="Any dialect"
        clearable
        w={132}
        data={LIVE_DIALECTS.map((id) => ({
          value: id,
          label: DIALECTS.find((dialect) => dialect.id === id)?.label ?? id,
        }))}
        value={filter.dialect || null}
        onChange={(dialect) => onFilter({ ...filter, dialect: dialect ?? '' })}
      />
      <TextInput
        aria-label="Search everywhere, payloads too"
        placeholder="Search"
        maxLength={60}
        leftSection={<Search size={14} aria-hidden />}
        value={filter.search}
        onChange={(event) => onFilter({ ...filter, search: event.currentTarget.value })}
      />
      <Button
        variant="default"
        aria-pressed={paused}
        leftSection={paused ? <CirclePlay size={15} aria-hidden /> : <CirclePause size={15} aria-hidden />}
        onClick={onPause}
        disabled={onPause === undefined}
        miw="6.75rem"
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Button variant="default" leftSection={<Trash2 size={15} aria-hidden />} onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}

function KindMenu({
  kinds,
  onKinds,
}: {
  kinds: readonly LiveKind[];
  onKinds: (kinds: readonly LiveKind[]) => void;
}) {
  const words =
    kinds.length === 0
      ? 'All kinds'
      : kinds.length === 1 && kinds[0]
        ? KIND_LABELS[kinds[0]]
        : `${kinds.length} kinds`;
  const toggle = (kind: LiveKind) =>
    onKinds(kinds.includes(kind) ? kinds.filter((other) => other !== kind) : [...kinds, kind]);
  return (
    <Menu
      closeOnItemClick={false}
      withInitialFocusPlaceholder={false}
      position="bottom-start"
      shadow="lg"
      radius="md"
    >
      <Menu.Target>
        <Button variant="default" leftSection={<ListFilter size={15} aria-hidden />} miw="8.5rem">
          {words}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {KINDS.map((kind) => (
          <Menu.CheckboxItem key={kind} checked={kinds.includes(kind)} onChange={() => toggle(kind)}>
            {KIND_LABELS[kind]}
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => onKinds([])}>All kinds</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
