import { Anchor, Drawer, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { AuditEntry } from '../../api/types';
import { CopyIcon } from '../../ui/copy';
import { TextLink } from '../../ui/link';
import { Mono, Tag } from '../../ui/page';
import { relativeTime } from '../../ui/time';
import css from './audit.module.css';
import { Changes } from './changes';
import { Sentence } from './entry';
import { actorName, subjectName, type People } from './sentence';

/** One deed: who, what, from where, and how it was before and after. */
export function EntryDrawer({
  entry,
  people,
  onClose,
  onFilter,
}: {
  entry: AuditEntry | null;
  people: People;
  onClose: () => void;
  onFilter: (filter: { actor: string } | { subject: string }) => void;
}) {
  return (
    <Drawer
      opened={entry !== null}
      onClose={onClose}
      position="right"
      size="xl"
      title={entry ? `Entry ${entry.seq.toLocaleString('en')}` : ''}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {entry && <EntryView entry={entry} people={people} onFilter={onFilter} />}
    </Drawer>
  );
}

function EntryView({
  entry,
  people,
  onFilter,
}: {
  entry: AuditEntry;
  people: People;
  onFilter: (filter: { actor: string } | { subject: string }) => void;
}) {
  const { actor, app, subject, before, after } = entry;
  const name = subjectName(entry, people);
  const byWhom = actor.kind === 'token' && actor.person ? people.get(actor.person) : undefined;
  return (
    <Stack gap="lg" data-testid="audit-details">
      <p className={css.told}>
        <Sentence entry={entry} people={people} />
      </p>
      <Changes before={before} after={after} />
      <dl className={css.facts}>
        <Fact name="Who">
          {actorName(entry)} {actor.kind === 'token' && <Tag>token</Tag>}
          {actor.kind === 'service' && <Tag>by itself</Tag>}
          {byWhom && <span className={css.note}>made by {byWhom}</span>}
          {actor.id && <More onClick={() => onFilter({ actor: actor.id ?? '' })}>All they did</More>}
        </Fact>
        <Fact name="When">
          {new Date(entry.at).toLocaleString('en', { dateStyle: 'long', timeStyle: 'medium' })}
          <span className={css.note}>{relativeTime(entry.at)}</span>
        </Fact>
        {entry.address && (
          <Fact name="From">
            <Mono>{entry.address}</Mono>
          </Fact>
        )}
        {app && (
          <Fact name="App">
            <TextLink to="/apps/$appId" params={{ appId: app.id }}>
              {app.name}
            </TextLink>
          </Fact>
        )}
        <Fact name="Subject">
          {name !== subject && <span>{name} </span>}
          <More onClick={() => onFilter({ subject })}>All about it</More>
        </Fact>
        <Copied name="Subject id" value={subject} />
        {actor.id && actor.kind !== 'service' && <Copied name="Actor id" value={actor.id} />}
        <Copied name="Action" value={entry.action} />
        {entry.request_id && <Copied name="Request id" value={entry.request_id} />}
        <Copied name="Time, UTC" value={entry.at} />
        <Copied name="Hash" value={entry.hash} />
        <Copied name="Hash before it" value={entry.prev_hash} />
      </dl>
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Copied({ name, value }: { name: string; value: string }) {
  return (
    <Fact name={name}>
      <span className={css.copied}>
        <Mono>{value}</Mono>
        <CopyIcon value={value} label={name.toLowerCase()} />
      </span>
    </Fact>
  );
}

function More({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Anchor component="button" type="button" size="sm" className={css.more} onClick={onClick}>
      {children}
    </Anchor>
  );
}
