import { Switch, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Cable, Hash, SearchX, TriangleAlert, User } from 'lucide-react';
import { useState } from 'react';
import { connectionsQuery } from '../../api/connections';
import { useApp } from '../../frame/use-apps';
import layout from '../../ui/layout.module.css';
import { ButtonLink } from '../../ui/link';
import { Loaded } from '../../ui/loading';
import { EmptyState, Notice, PageHeader, Panel } from '../../ui/page';
import css from '../channels/channels.module.css';
import { ConnectionsTable } from './table';

const REFRESH_MS = 4_000;

export default function Connections() {
  const app = useApp();
  const asked = useSearch({ from: '/signed-in/apps/$appId/connections' });
  const [channel, setChannel] = useState(asked.channel ?? '');
  const [user, setUser] = useState(asked.user ?? '');
  const [refreshing, setRefreshing] = useState(true);
  const [only] = useDebouncedValue({ channel: channel.trim(), user: user.trim() }, 250);
  const isFiltered = only.channel !== '' || only.user !== '';
  const connections = useQuery({
    ...connectionsQuery(app.id, only),
    refetchInterval: refreshing && REFRESH_MS,
  });
  return (
    <>
      <PageHeader title="Connections" lede="Clients that are connected right now, the newest first." />
      <div className={layout.stack}>
        {connections.data !== undefined && connections.data.unanswered.length > 0 && (
          <Notice
            tone="warn"
            icon={<TriangleAlert size={17} aria-hidden />}
            title="Some gateways do not answer"
            role="status"
          >
            What is connected to {connections.data.unanswered.join(', ')} is not listed.
          </Notice>
        )}
        <Panel flush>
          <div className={css.bar}>
            <TextInput
              aria-label="Hears the channel"
              placeholder="Hears the channel…"
              leftSection={<Hash size={14} aria-hidden />}
              value={channel}
              onChange={(event) => setChannel(event.currentTarget.value)}
            />
            <TextInput
              aria-label="Signed in as"
              placeholder="Signed in as…"
              leftSection={<User size={14} aria-hidden />}
              value={user}
              onChange={(event) => setUser(event.currentTarget.value)}
            />
            <span className={css.count} role="status">
              {connections.data && shown(connections.data.connections.length, connections.data.total)}
            </span>
            <Switch
              label="Keep up to date"
              size="sm"
              checked={refreshing}
              onChange={(event) => setRefreshing(event.currentTarget.checked)}
            />
          </div>
          <Loaded
            query={connections}
            label="connections"
            empty={(data) =>
              data.connections.length === 0 &&
              (isFiltered ? (
                <EmptyState icon={<SearchX size={20} />} title="No such connection">
                  Nobody who is connected hears that channel or is that user.
                </EmptyState>
              ) : (
                <EmptyState
                  icon={<Cable size={20} />}
                  title="Nobody is connected"
                  action={
                    <ButtonLink to="/apps/$appId" params={{ appId: app.id }} variant="default">
                      Get a snippet that connects
                    </ButtonLink>
                  }
                >
                  A client shows up here the moment it connects, in whatever dialect it speaks.
                </EmptyState>
              ))
            }
          >
            {(data) => <ConnectionsTable appId={app.id} items={data.connections} />}
          </Loaded>
        </Panel>
      </div>
    </>
  );
}

function shown(listed: number, total: number): string {
  const all = total.toLocaleString('en');
  return listed < total ? `${listed.toLocaleString('en')} of ${all}` : `${all} open`;
}
