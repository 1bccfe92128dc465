import { expect, test } from 'vitest';
import type { Role } from '../../api/types';
import { givableRoles } from './roles';

const all: { role: Role; permissions: string[] }[] = [
  { role: 'owner', permissions: ['read', 'write', 'pay', 'delete'] },
  { role: 'admin', permissions: ['read', 'write', 'pay'] },
  { role: 'developer', permissions: ['read', 'write'] },
  { role: 'billing', permissions: ['read', 'pay'] },
  { role: 'viewer', permissions: ['read'] },
];

test.each<[Role, Role[]]>([
  ['owner', ['owner', 'admin', 'developer', 'billing', 'viewer']],
  ['admin', ['admin', 'developer', 'billing', 'viewer']],
  ['developer', ['developer', 'viewer']],
  ['billing', ['billing', 'viewer']],
  ['viewer', ['viewer']],
])('%s gives %j', (own, expected) => {
  expect(givableRoles(own, all)).toEqual(expected);
});

test('before the roles are known, none', () => {
  expect(givableRoles('owner', [])).toEqual([]);
});
