import type { Role } from '../../api/types';

/** What a role is for, in a line. The exact permissions come from the API. */
export const ROLES: { value: Role; label: string; help: string }[] = [
  { value: 'owner', label: 'Owner', help: 'Everything, also deleting the organisation' },
  { value: 'admin', label: 'Admin', help: 'Everything but deleting the organisation' },
  { value: 'developer', label: 'Developer', help: 'Makes and changes apps and keys' },
  { value: 'billing', label: 'Billing', help: 'Plan, invoices and payment' },
  { value: 'viewer', label: 'Viewer', help: 'Sees apps and usage, changes nothing' },
];

export const roleLabel = (role: Role): string => ROLES.find(({ value }) => value === role)?.label ?? role;

const permissionsOf = (role: Role, all: readonly { role: Role; permissions: readonly string[] }[]) =>
  all.find((one) => one.role === role)?.permissions;

/** Roles that one with `own` may give: none that allows what their own does not. */
export function givableRoles(
  own: Role,
  all: readonly { role: Role; permissions: readonly string[] }[],
): Role[] {
  const mine = permissionsOf(own, all);
  if (!mine) return [];
  return ROLES.map(({ value }) => value).filter((role) =>
    permissionsOf(role, all)?.every((permission) => mine.includes(permission)),
  );
}
