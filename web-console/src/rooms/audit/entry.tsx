import { UnstyledButton } from '@mantine/core';
import { ChevronRight } from 'lucide-react';
import type { AuditEntry } from '../../api/types';
import { Tag } from '../../ui/page';
import css from './audit.module.css';
import { deedOf, UNKNOWN_ICON } from './deeds';
import { changesBetween, changeWords } from './diff';
import { actorName, sentence, type People } from './sentence';

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export function EntryRow({
  entry,
  people,
  onOpen,
}: {
  entry: AuditEntry;
  people: People;
  onOpen: () => void;
}) {
  const Icon = deedOf(entry.action).group?.icon ?? UNKNOWN_ICON;
  const gist = gistOf(entry);
  return (
    <li className={css.entry} data-testid="audit-entry" data-action={entry.action}>
      <UnstyledButton className={css.summary} onClick={onOpen}>
        <span className={css.icon}>
          <Icon size={15} aria-hidden />
        </span>
        <span className={css.words}>
          <span>
            <Sentence entry={entry} people={people} />
          </span>
          {gist && <span className={css.gist}>{gist}</span>}
        </span>
        <span className={css.app}>{entry.app && <Tag>{entry.app.name}</Tag>}</span>
        <time className={css.when} dateTime={entry.at} title={new Date(entry.at).toLocaleString()}>
          {clock.format(new Date(entry.at))}
        </time>
        <ChevronRight size={15} aria-hidden className={css.chevron} />
      </UnstyledButton>
    </li>
  );
}

/** Who did what to what. */
export function Sentence({ entry, people }: { entry: AuditEntry; people: People }) {
  const { before, it, after } = sentence(entry, people);
  return (
    <>
      <strong className={css.who}>{actorName(entry)}</strong> {before}
      {it && <strong>{it}</strong>}
      {after}
    </>
  );
}

/** What is said by the entry's own time, or by its sentence. */
const SAID = /(^|\.)(created|updated|rotated|last_used)_at$/;

/** What changed, in a line; of what was made, replaced or went the sentence says enough. */
function gistOf({ action, before, after }: AuditEntry): string | null {
  if (before === null || after === null || action.endsWith('.rotated')) return null;
  const changes = changesBetween(before, after).filter(({ path }) => !SAID.test(path));
  const [first] = changes;
  if (!first) return null;
  return changes.length === 1 ? changeWords(first) : `${changeWords(first)}, and ${changes.length - 1} more`;
}
