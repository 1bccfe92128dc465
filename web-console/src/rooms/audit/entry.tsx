import { UnstyledButton } from '@mantine/core';
import { ChevronRight } from 'lucide-react';
import { useId, useState } from 'react';
import type { AuditEntry } from '../../api/types';
import { Mono, Tag } from '../../ui/page';
import { Time } from '../../ui/time';
import css from './audit.module.css';
import { changesBetween } from './diff';

export function EntryRow({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { actor } = entry;
  return (
    <li className={css.entry} data-testid="audit-entry" data-action={entry.action}>
      <UnstyledButton
        className={css.summary}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <ChevronRight size={15} aria-hidden className={css.chevron} data-open={open || undefined} />
        <span className={css.action}>
          <Mono>{entry.action}</Mono>
        </span>
        <span className={css.subject}>{entry.subject}</span>
        <span className={css.actor}>
          {actor.name ?? actor.id ?? 'The service'} {actor.kind !== 'person' && <Tag>{actor.kind}</Tag>}
        </span>
        <span className={css.when}>
          <Time iso={entry.at} />
        </span>
      </UnstyledButton>
      {open && (
        <div id={id} className={css.details}>
          <Changes before={entry.before} after={entry.after} />
          <dl className={css.facts}>
            <Fact name="Entry" value={String(entry.seq)} />
            <Fact name="At" value={entry.at} />
            {entry.address && <Fact name="Address" value={entry.address} />}
            {entry.request_id && <Fact name="Request id" value={entry.request_id} />}
            <Fact name="Hash" value={entry.hash} />
            <Fact name="Before it" value={entry.prev_hash} />
          </dl>
        </div>
      )}
    </li>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Mono>{value}</Mono>
      </dd>
    </>
  );
}

function Changes({ before, after }: { before: unknown; after: unknown }) {
  const changes = changesBetween(before, after);
  if (changes.length === 0) return null;
  return (
    <table className={css.changes}>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.path}>
            <th scope="row">
              <Mono>{change.path || 'value'}</Mono>
            </th>
            <td data-side="before">{change.before === null ? '–' : <Mono>{change.before}</Mono>}</td>
            <td data-side="after">{change.after === null ? '–' : <Mono>{change.after}</Mono>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
