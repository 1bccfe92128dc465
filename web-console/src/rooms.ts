import { Activity, Hash, KeyRound, LayoutDashboard, Settings, type LucideIcon } from 'lucide-react';

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
    to: '/apps/$appId/keys',
    label: 'Keys',
    icon: KeyRound,
    group: 'Configure',
    keywords: 'secret sk publishable pk scope origins signing credentials revoke rotate',
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
