import { Skeleton, Switch, Table, TextInput, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Activity, Hash, Search, SearchX } from 'lucide-react';
import { useState } from 'react';
import { channelsQuery } from '../../api/channels';
import { ChannelTag } from '../../channels/channel-tag';
import { useApp } from '../../frame/use-apps';
import { ErrorNotice } from '../../ui/errors';
import { ButtonLink, IconLink } from '../../ui/link';
import { EmptyState, PageHeader, Panel } from '../../ui/page';
import { ChannelDrawer } from './channel-drawer';
import css from './channels.module.css';
import { Nothing, WideTable } from '../../ui/table';

const REFRESH_MS = 4_000;

export default function Channels() {
  const app = useApp();
  const [part, setPart] = useState('');
  const [opened, setOpened] = useState<string | null>(null);
  const [refreshing, setRefreshing] = useState(true);
  const channels = useQuery({ ...channelsQuery(app.id), refetchInterval: refreshing && REFRESH_MS });
  const items = channels.data?.items ?? [];
  const shown = items
    .filter((channel) => channel.name.toLowerCase().includes(part.toLowerCase()))
    .sort((a, b) => (b.subscriptions ?? 0) - (a.subscriptions ?? 0) || a.name.localeCompare(b.name));

  return (
    <>
      <PageHeader title="Channels" lede="Channels that someone is subscribed to right now." />
      <Panel flush>
        <div className={css.bar}>
          <TextInput
            aria-label="Channel contains"
            placeholder="Find a channel"
            leftSection={<Search size={14} aria-hidden />}
            value={part}
            onChange={(event) => setPart(event.currentTarget.value)}
          />
          <span className={css.count} role="status">
            {channels.data
              ? `${shown.length.toLocaleString('en')} of ${items.length.toLocaleString('en')}${channels.data.truncated ? ' and more' : ''}`
              : ''}
          </span>
          <Switch
            label="Keep up to date"
            size="sm"
            checked={refreshing}
            onChange={(event) => setRefreshing(event.currentTarget.checked)}
          />
        </div>
        {channels.error && (
          <div className={css.padded}>
            <ErrorNotice error={channels.error} onRetry={() => void channels.refetch()} />
          </div>
        )}
        {channels.isPending ? (
          <div className={css.padded} role="status" aria-label="Loading channels">
            {[72, 54, 63, 40].map((width) => (
              <Skeleton key={width} h={18} w={`${width}%`} my={14} />
            ))}
          </div>
        ) : shown.length > 0 ? (
          <WideTable label="Channels" minWidth={420}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th miw="11rem">Channel</Table.Th>
                <Table.Th>Kind</Table.Th>
                <Table.Th ta="right">Subscriptions</Table.Th>
                <Table.Th ta="right">Users</Table.Th>
                <Table.Th w={56}>
                  <VisuallyHidden>Events</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((channel) => (
                <Table.Tr key={channel.name} data-testid="channel-row">
                  <Table.Td>
                    <button type="button" className={css.name} onClick={() => setOpened(channel.name)}>
                      {channel.name}
                    </button>
                  </Table.Td>
                  <Table.Td>
                    <span className={css.tags}>
                      <ChannelTag name={channel.name} />
                    </span>
                  </Table.Td>
                  <Table.Td ta="right" className={css.number}>
                    {channel.subscriptions?.toLocaleString('en') ?? <Nothing />}
                  </Table.Td>
                  <Table.Td ta="right" className={css.number}>
                    {channel.users?.toLocaleString('en') ?? <Nothing />}
                  </Table.Td>
                  <Table.Td>
                    <IconLink
                      to="/apps/$appId/live"
                      params={{ appId: app.id }}
                      search={{ channel: channel.name }}
                      label={`Live events of ${channel.name}`}
                    >
                      <Activity size={15} aria-hidden />
                    </IconLink>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </WideTable>
        ) : items.length > 0 ? (
          <EmptyState icon={<SearchX size={20} />} title="No channel of that name">
            {items.length.toLocaleString('en')} other channels are occupied.
          </EmptyState>
        ) : (
          !channels.error && (
            <EmptyState
              icon={<Hash size={20} />}
              title="No channel is occupied"
              action={
                <ButtonLink to="/apps/$appId" params={{ appId: app.id }} variant="default">
                  Get a snippet that subscribes
                </ButtonLink>
              }
            >
              A channel exists while someone is subscribed to it. Connect a client to see the first one.
            </EmptyState>
          )
        )}
      </Panel>
      <ChannelDrawer
        appId={app.id}
        channel={
          opened === null
            ? null
            : // Somebody may have been the last to leave it meanwhile.
              (items.find(({ name }) => name === opened) ?? { name: opened, subscriptions: 0, users: 0 })
        }
        onClose={() => setOpened(null)}
      />
    </>
  );
}
