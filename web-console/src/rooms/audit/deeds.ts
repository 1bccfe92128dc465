import {
  Box,
  Boxes,
  Cable,
  CreditCard,
  Globe,
  KeyRound,
  Mail,
  ReceiptText,
  ScrollText,
  Siren,
  SquareTerminal,
  TicketCheck,
  UsersRound,
  Wallet,
  Webhook,
  type LucideIcon,
} from 'lucide-react';

/** What a deed is called in a list, and what its sentence says after the one who did it; `{it}` is its subject. */
type Deed = readonly [label: string, says: string];

export type DeedGroup = {
  /** What actions of the group begin with, up to the dot. */
  prefix: string;
  label: string;
  icon: LucideIcon;
  deeds: Readonly<Record<string, Deed>>;
};

export const DEED_GROUPS: readonly DeedGroup[] = [
  {
    prefix: 'app',
    label: 'Apps',
    icon: Box,
    deeds: {
      created: ['created', 'created the app {it}'],
      changed: ['changed', 'changed the settings of {it}'],
      deleted: ['deleted', 'deleted the app {it}'],
      everything_revoked: ['everything revoked', 'revoked every key and credential of {it}'],
    },
  },
  {
    prefix: 'key',
    label: 'Secret keys',
    icon: KeyRound,
    deeds: {
      created: ['created', 'created the secret key {it}'],
      changed: ['changed', 'changed the secret key {it}'],
      rotated: ['rotated', 'rotated the token of the secret key {it}'],
      previous_token_revoked: ['previous token ended', 'ended the previous token of the secret key {it}'],
      token_secret_created: ['signing secret made', 'made a signing secret for the secret key {it}'],
      token_secret_rotated: ['signing secret replaced', 'replaced the signing secret of the secret key {it}'],
      revoked: ['revoked', 'revoked the secret key {it}'],
    },
  },
  {
    prefix: 'publishable_key',
    label: 'Publishable keys',
    icon: Globe,
    deeds: {
      created: ['created', 'created the publishable key {it}'],
      changed: ['changed', 'changed the publishable key {it}'],
      rotated: ['rotated', 'rotated the publishable key {it}'],
      revoked: ['revoked', 'revoked the publishable key {it}'],
    },
  },
  {
    prefix: 'credential',
    label: 'App credentials',
    icon: TicketCheck,
    deeds: {
      created: ['created', 'added the app credential {it}'],
      changed: ['changed', 'changed when the app credential {it} ends'],
      rotated: ['rotated', 'rotated the secret of the app credential {it}'],
      previous_secret_revoked: [
        'previous secret ended',
        'ended the previous secret of the app credential {it}',
      ],
      revoked: ['revoked', 'revoked the app credential {it}'],
    },
  },
  {
    prefix: 'webhook',
    label: 'Webhooks',
    icon: Webhook,
    deeds: {
      created: ['created', 'added the webhook endpoint {it}'],
      updated: ['changed', 'changed the webhook endpoint {it}'],
      enabled: ['enabled', 'switched on the webhook endpoint {it}'],
      disabled: ['disabled', 'switched off the webhook endpoint {it}'],
      secret_rotated: ['secret rotated', 'rotated the secret of the webhook endpoint {it}'],
      delivery_replayed: ['delivery sent again', 'had a delivery to {it} sent again'],
      replayed: ['deliveries sent again', 'had deliveries to {it} sent again'],
      deleted: ['deleted', 'deleted the webhook endpoint {it}'],
    },
  },
  {
    prefix: 'connection',
    label: 'Connections',
    icon: Cable,
    deeds: { terminated: ['ended', 'ended the connection {it}'] },
  },
  {
    prefix: 'member',
    label: 'Team',
    icon: UsersRound,
    deeds: {
      joined: ['joined', 'joined as {role}'],
      role_changed: ['role changed', 'made {it} {role}'],
      removed: ['removed', 'removed {it} from the team'],
      left: ['left', 'left the team'],
      deleted_account: ['account deleted', 'deleted their account and left the team'],
    },
  },
  {
    prefix: 'invitation',
    label: 'Invitations',
    icon: Mail,
    deeds: {
      sent: ['sent', 'invited {it} as {role}'],
      withdrawn: ['withdrawn', 'withdrew the invitation of {it}'],
    },
  },
  {
    prefix: 'token',
    label: 'Management tokens',
    icon: SquareTerminal,
    deeds: {
      created: ['created', 'created the management token {it}'],
      revoked: ['revoked', 'revoked the management token {it}'],
    },
  },
  {
    prefix: 'organisation',
    label: 'Organisation',
    icon: Boxes,
    deeds: {
      created: ['created', 'created the organisation {it}'],
      renamed: ['renamed', 'renamed the organisation to {it}'],
      transferred: ['handed over', 'handed the organisation over to {it}'],
      deleted: ['deleted', 'deleted the organisation; it goes for good later'],
      restored: ['restored', 'brought the organisation back'],
    },
  },
  {
    prefix: 'subscription',
    label: 'Plan',
    icon: CreditCard,
    deeds: {
      changed: ['changed', 'moved to the plan {it}'],
      change_chosen: ['chosen for later', 'chose the plan {it} for the next period'],
      change_taken_back: ['choice taken back', 'decided to stay with the plan {it}'],
      assigned: ['assigned', 'put the organisation on the plan {it}'],
      standing: ['standing changed', 'set the standing to {it}'],
      restored: ['restored', 'restored the plan {it}'],
    },
  },
  {
    prefix: 'billing',
    label: 'Billing',
    icon: Wallet,
    deeds: {
      profile_changed: ['details changed', 'changed the billing details'],
      spend_limit_changed: ['spending limit changed', 'changed the spending limit'],
      credited: ['credited', 'gave a credit: {it}'],
    },
  },
  {
    prefix: 'invoice',
    label: 'Invoices',
    icon: ReceiptText,
    deeds: {
      issued: ['issued', 'issued invoice {it}'],
      paid: ['paid', 'received the payment of invoice {it}'],
    },
  },
  {
    prefix: 'payment_method',
    label: 'Payment method',
    icon: CreditCard,
    deeds: {
      added: ['added', 'added a card'],
      removed: ['removed', 'removed the card'],
    },
  },
  {
    prefix: 'alerts',
    label: 'Alerts',
    icon: Siren,
    deeds: { changed: ['changed', 'changed which alerts are sent'] },
  },
];

export const UNKNOWN_ICON = ScrollText;

export function deedOf(action: string): { group?: DeedGroup; says: string } {
  const [prefix = '', ...rest] = action.split('.');
  const group = DEED_GROUPS.find((one) => one.prefix === prefix);
  const says = group?.deeds[rest.join('.')]?.[1];
  // One that this page does not know yet still reads.
  return { ...(group ? { group } : {}), says: says ?? `did ${action.replaceAll(/[._]/g, ' ')}: {it}` };
}
