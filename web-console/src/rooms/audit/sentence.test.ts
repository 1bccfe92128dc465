import { expect, test } from 'vitest';
import type { AuditEntry } from '../../api/types';
import { DEED_GROUPS } from './deeds';
import { actorName, sentence } from './sentence';

const entry = (action: string, given: Partial<AuditEntry> = {}) =>
  ({
    action,
    subject: 'Ab3dE6gH9jK2',
    subject_name: null,
    before: null,
    after: null,
    ...given,
  }) as AuditEntry;

const said = (...of: Parameters<typeof sentence>) => {
  const { before, it, after } = sentence(...of);
  return before + it + after;
};

test.each([
  [
    'by the name it has after',
    entry('key.created', { after: { name: 'Worker' } }),
    'created the secret key Worker',
  ],
  [
    'by the name it had',
    entry('key.revoked', { before: { name: 'Worker' } }),
    'revoked the secret key Worker',
  ],
  ['by what the API calls it', entry('webhook.secret_rotated', { subject_name: 'Shelf' }), /endpoint Shelf$/],
  ['by its id, where nothing else is known', entry('key.created'), 'created the secret key Ab3dE6gH9jK2'],
  [
    'a person by address, not by name',
    entry('invitation.sent', { after: { email: 'a@example.com', name: 'A', role: 'viewer' } }),
    'invited a@example.com as viewer',
  ],
  [
    'an endpoint by its description, or its address',
    entry('webhook.created', { after: { description: '', url: 'https://example.com/in' } }),
    /endpoint https:\/\/example\.com\/in$/,
  ],
  ['a plan', entry('subscription.changed', { subject: 'starter' }), 'moved to the plan Starter'],
  ['a standing', entry('subscription.standing', { subject: 'past_due' }), 'set the standing to past due'],
  [
    'what needs no subject',
    entry('billing.profile_changed', { subject: 'Trains' }),
    'changed the billing details',
  ],
  ['an action of a later version', entry('key.frozen_solid'), 'did key frozen solid: Ab3dE6gH9jK2'],
] as const)('%s', (_, given, expected) => {
  if (typeof expected === 'string') expect(said(given)).toBe(expected);
  else expect(said(given)).toMatch(expected);
});

test('a member who is known is named', () => {
  const people = new Map([['usr_1', 'ada@example.com']]);
  const given = entry('organisation.transferred', { subject: 'usr_1' });
  expect(said(given, people)).toBe('handed the organisation over to ada@example.com');
});

test.each([
  [{ kind: 'person', id: 'usr_1', name: 'ada@example.com' }, 'ada@example.com'],
  [{ kind: 'token', id: 'Ab3', name: 'Deploys' }, 'Deploys'],
  [{ kind: 'service', id: 'billing', name: null }, 'Signalbox'],
  [{ kind: 'person', id: null, name: null }, 'Somebody'],
])('%j is %s', (actor, name) => {
  expect(actorName({ actor: { person: null, ...actor } })).toBe(name);
});

test('no sentence is left with a gap', () => {
  for (const { prefix, deeds } of DEED_GROUPS) {
    for (const name of Object.keys(deeds)) expect(said(entry(`${prefix}.${name}`))).not.toMatch(/[{}]/);
  }
});
