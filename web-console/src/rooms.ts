import {
  Activity,
  Boxes,
  Cable,
  ChartColumn,
  CircleUserRound,
  CreditCard,
  Hash,
  KeyRound,
  LayoutDashboard,
  ScrollText,
  Settings,
  ShieldCheck,
  ShieldX,
  SlidersHorizontal,
  SquareTerminal,
  UsersRound,
  Webhook,
  type LucideIcon,
} from 'lucide-react';

/**
 * The rooms of an app, once: sidebar, command palette and page titles are drawn from this list.
 * A new room is an entry here, a route in router.tsx and a folder under rooms/.
 */
export const APP_ROOMS = [
  {
    to: '/apps/$appId',
    label: 'Overview',
    icon: LayoutDashboard,
    group: 'Observe',
    keywords: 'credentials snippets send test message start',
  },
  {
    to: '/apps/$appId/live',
    label: 'Live',
    icon: Activity,
    group: 'Observe',
    keywords: 'events stream debug console publish',
  },
  {
    to: '/apps/$appId/channels',
    label: 'Channels',
    icon: Hash,
    group: 'Observe',
    keywords: 'occupancy subscribers presence members',
  },
  {
    to: '/apps/$appId/connections',
    label: 'Connections',
    icon: Cable,
    group: 'Observe',
    keywords: 'clients sockets users connected end terminate disconnect kick',
  },
  {
    to: '/apps/$appId/usage',
    label: 'Usage',
    icon: ChartColumn,
    group: 'Observe',
    keywords: 'messages connections quota charts csv statistics',
  },
  {
    to: '/apps/$appId/refusals',
    label: 'Refusals',
    icon: ShieldX,
    group: 'Observe',
    keywords: 'errors request id why rate limit quota 429 403',
  },
  {
    to: '/apps/$appId/keys',
    label: 'Keys',
    icon: KeyRound,
    group: 'Configure',
    keywords: 'secret sk publishable pk scope origins signing credentials revoke rotate',
  },
  {
    to: '/apps/$appId/webhooks',
    label: 'Webhooks',
    icon: Webhook,
    group: 'Configure',
    keywords: 'endpoints deliveries dead letters replay signing secret listen callbacks',
  },
  {
    to: '/apps/$appId/settings',
    label: 'Settings',
    icon: Settings,
    group: 'Configure',
    keywords: 'dialects pusher relay anycable metered limits origins client events delete disable',
  },
] as const satisfies readonly {
  to: string;
  label: string;
  icon: LucideIcon;
  group: 'Observe' | 'Configure';
  keywords: string;
}[];

/** The rooms of an organisation. */
export const ORGANISATION_ROOMS = [
  {
    to: '/organisations/$orgId',
    label: 'Apps',
    icon: Boxes,
    keywords: 'all apps gateways',
  },
  {
    to: '/organisations/$orgId/usage',
    label: 'Usage',
    icon: ChartColumn,
    keywords: 'messages connections quota charts csv statistics all apps',
  },
  {
    to: '/organisations/$orgId/team',
    label: 'Team',
    icon: UsersRound,
    keywords: 'members roles invite invitations transfer owner leave',
  },
  {
    to: '/organisations/$orgId/billing',
    label: 'Plan and billing',
    icon: CreditCard,
    keywords: 'upgrade quota price invoices payment card spend limit overage',
  },
  {
    to: '/organisations/$orgId/tokens',
    label: 'Management tokens',
    icon: SquareTerminal,
    keywords: 'api scripts mt permissions automation',
  },
  {
    to: '/organisations/$orgId/webhooks',
    label: 'Webhooks',
    icon: Webhook,
    keywords: 'endpoints quota alerts invoices key revoked standard signing secret',
  },
  {
    to: '/organisations/$orgId/audit',
    label: 'Audit log',
    icon: ScrollText,
    keywords: 'who did what history export verify hash',
  },
  {
    to: '/organisations/$orgId/settings',
    label: 'Organisation',
    icon: SlidersHorizontal,
    keywords: 'rename delete restore settings',
  },
] as const satisfies readonly { to: string; label: string; icon: LucideIcon; keywords: string }[];

/** What belongs to the person, wherever they work. */
export const ACCOUNT_ROOMS = [
  {
    to: '/account',
    label: 'Your account',
    icon: CircleUserRound,
    keywords: 'profile name email address password delete',
  },
  {
    to: '/account/security',
    label: 'Security',
    icon: ShieldCheck,
    keywords: 'second factor two-factor totp recovery codes sessions sign-ins',
  },
] as const satisfies readonly { to: string; label: string; icon: LucideIcon; keywords: string }[];
