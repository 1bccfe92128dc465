import type { AuditEntry } from '../../api/types';
import { deedOf } from './deeds';

const memberOf = (state: unknown, name: string): string | null => {
  if (typeof state !== 'object' || state === null) return null;
  const value = (state as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value : null;
};

/** What a subject is called in what was noted of it: as it is after the deed, or else as it was. */
function notedName({ before, after }: AuditEntry): string | null {
  for (const state of [after, before]) {
    const name =
      memberOf(state, 'email') ??
      memberOf(state, 'description') ??
      memberOf(state, 'name') ??
      memberOf(state, 'url');
    if (name) return name;
  }
  return null;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** People by their ids, as far as they are known. */
export type People = ReadonlyMap<string, string>;

export function subjectName(entry: AuditEntry, people: People = new Map()): string {
  const { action, subject } = entry;
  if (action.startsWith('subscription.') && action !== 'subscription.standing') return capital(subject);
  if (action.startsWith('subscription.')) return subject.replaceAll('_', ' ');
  return notedName(entry) ?? entry.subject_name ?? people.get(subject) ?? subject;
}

/** A deed in words, in three parts, so that its subject can stand out. */
export function sentence(entry: AuditEntry, people?: People): { before: string; it: string; after: string } {
  const { says } = deedOf(entry.action);
  const role = memberOf(entry.after, 'role') ?? 'a member';
  const [before = '', after] = says.replace('{role}', role).split('{it}');
  return after === undefined
    ? { before, it: '', after: '' }
    : { before, it: subjectName(entry, people), after };
}

/** Who did it. A part of the service does some things by itself. */
export function actorName({ actor }: Pick<AuditEntry, 'actor'>): string {
  if (actor.kind === 'service') return 'Signalbox';
  return actor.name ?? actor.id ?? 'Somebody';
}
