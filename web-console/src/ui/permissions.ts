import type { Permission } from '../api/types';

/** A permission in the words of the one who gives it. */
const WORDS: Record<Permission, { label: string; help: string }> = {
  'apps.read': { label: 'See apps', help: 'Settings, channels and live events' },
  'apps.write': { label: 'Change apps', help: 'Make apps, publish test messages' },
  'apps.delete': { label: 'Delete apps', help: 'For good, with their keys' },
  'keys.read': { label: 'See keys', help: 'Never their secrets' },
  'keys.write': { label: 'Change keys', help: 'Make, rotate and revoke them' },
  'usage.read': { label: 'See usage', help: 'Quotas and refusals too' },
  'team.read': { label: 'See the team', help: 'Members and invitations' },
  'team.write': { label: 'Change the team', help: 'Invite, remove, give roles' },
  'tokens.read': { label: 'See tokens', help: 'Management tokens, never their text' },
  'tokens.write': { label: 'Change tokens', help: 'Make and revoke management tokens' },
  'billing.read': { label: 'See billing', help: 'Plan and invoices' },
  'billing.write': { label: 'Change billing', help: 'Plan, spending limit, payment' },
  'audit.read': { label: 'Read the audit log', help: 'Who did what' },
  'organisation.write': { label: 'Change the organisation', help: 'Its name' },
  'organisation.delete': { label: 'Delete the organisation', help: 'Or hand it over' },
};

export function permissionWords(permission: Permission): { label: string; help: string } {
  return WORDS[permission];
}
