import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useNavigate, useParams } from '@tanstack/react-router';
import {
  Box,
  Building2,
  KeyRound,
  LogOut,
  Monitor,
  Moon,
  Plus,
  Search,
  Settings,
  Sun,
  Webhook,
} from 'lucide-react';
import { useLogOut } from '../api/session';
import { useState } from 'react';
import { ACCOUNT_ROOMS, APP_ROOMS, ORGANISATION_ROOMS } from '../rooms';
import { SETTINGS_SECTIONS } from '../rooms/settings/sections';
import { useAllApps, useCurrentOrganisation } from './use-apps';

/** Ctrl/Cmd-K: every room, every app and the common actions, by typing. */
export function CommandPalette({
  onCreateApp,
  onCreateOrganisation,
}: {
  onCreateApp: () => void;
  onCreateOrganisation: () => void;
}) {
  const navigate = useNavigate();
  const logOut = useLogOut();
  const { setColorScheme } = useMantineColorScheme();
  const { appId } = useParams({ strict: false });
  const lists = useAllApps();
  const organisation = useCurrentOrganisation();
  const [query, setQuery] = useState('');

  const rooms: SpotlightActionGroupData = {
    group: 'Go to',
    actions: appId
      ? APP_ROOMS.map((room) => ({
          id: room.to,
          label: room.label,
          keywords: room.keywords,
          leftSection: <room.icon size={17} aria-hidden />,
          onClick: () => void navigate({ to: room.to, params: { appId } }),
        }))
      : [],
  };
  // Only once something is typed: they would push everything else out of sight.
  const settings: SpotlightActionGroupData = {
    group: 'Settings',
    actions:
      appId && query.trim() !== ''
        ? SETTINGS_SECTIONS.map(({ id, label, keywords }) => ({
            id: `settings ${id}`,
            label,
            description: 'Settings of this app',
            keywords: `settings ${keywords}`,
            leftSection: <Settings size={17} aria-hidden />,
            onClick: () =>
              void navigate({ to: '/apps/$appId/settings/$section', params: { appId, section: id } }),
          }))
        : [],
  };
  const others: SpotlightActionGroupData = {
    group: 'Organisation and account',
    actions: [
      ...(organisation
        ? ORGANISATION_ROOMS.map((room) => ({
            id: room.to,
            label: room.label,
            description: organisation.name,
            keywords: room.keywords,
            leftSection: <room.icon size={17} aria-hidden />,
            onClick: () => void navigate({ to: room.to, params: { orgId: organisation.id } }),
          }))
        : []),
      ...ACCOUNT_ROOMS.map((room) => ({
        id: room.to,
        label: room.label,
        keywords: room.keywords,
        leftSection: <room.icon size={17} aria-hidden />,
        onClick: () => void navigate({ to: room.to }),
      })),
    ],
  };
  const apps: SpotlightActionGroupData = {
    group: 'Apps',
    actions: lists.flatMap(({ organisation, apps }) => [
      ...apps.map((app) => ({
        id: app.id,
        label: app.name,
        description: organisation.name,
        keywords: app.id,
        leftSection: <Box size={17} aria-hidden />,
        onClick: () => void navigate({ to: '/apps/$appId', params: { appId: app.id } }),
      })),
      {
        id: organisation.id,
        label: organisation.name,
        description: 'Organisation',
        leftSection: <Building2 size={17} aria-hidden />,
        onClick: () => void navigate({ to: '/organisations/$orgId', params: { orgId: organisation.id } }),
      },
    ]),
  };
  const does: SpotlightActionGroupData = {
    group: 'Do',
    actions: [
      ...(appId
        ? [
            {
              id: 'create-key',
              label: 'Create secret key',
              leftSection: <KeyRound size={17} aria-hidden />,
              onClick: () =>
                void navigate({ to: '/apps/$appId/keys', params: { appId }, search: { create: true } }),
            },
            {
              id: 'create-webhook',
              label: 'Add webhook endpoint',
              keywords: 'create',
              leftSection: <Webhook size={17} aria-hidden />,
              onClick: () =>
                void navigate({ to: '/apps/$appId/webhooks', params: { appId }, search: { create: true } }),
            },
          ]
        : []),
      {
        id: 'create-app',
        label: 'Create app',
        leftSection: <Plus size={17} aria-hidden />,
        onClick: onCreateApp,
      },
      {
        id: 'create-organisation',
        label: 'Create organisation',
        leftSection: <Building2 size={17} aria-hidden />,
        onClick: onCreateOrganisation,
      },
      {
        id: 'light',
        label: 'Light colours',
        keywords: 'theme',
        leftSection: <Sun size={17} aria-hidden />,
        onClick: () => setColorScheme('light'),
      },
      {
        id: 'dark',
        label: 'Dark colours',
        keywords: 'theme',
        leftSection: <Moon size={17} aria-hidden />,
        onClick: () => setColorScheme('dark'),
      },
      {
        id: 'auto',
        label: 'Colours as the system has them',
        keywords: 'theme',
        leftSection: <Monitor size={17} aria-hidden />,
        onClick: () => setColorScheme('auto'),
      },
      {
        id: 'log-out',
        label: 'Log out',
        leftSection: <LogOut size={17} aria-hidden />,
        onClick: () => logOut.mutate(),
      },
    ],
  };
  return (
    <Spotlight
      attributes={{ content: { 'aria-label': 'Command palette' } }}
      actions={[rooms, settings, others, apps, does]}
      query={query}
      onQueryChange={setQuery}
      shortcut="mod + K"
      highlightQuery
      scrollable
      maxHeight={420}
      radius="lg"
      nothingFound="Nothing of that name"
      searchProps={{
        leftSection: <Search size={17} aria-hidden />,
        placeholder: 'Find a room, an app or an action…',
        'aria-label': 'Find a room, an app or an action',
      }}
    />
  );
}
