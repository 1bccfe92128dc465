import { Button, Table, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { sessionsQuery, useEndOtherSessions, useEndSession } from '../../api/account';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { notify } from '../../ui/notify';
import { Mono, Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import css from './account.module.css';
import { describeAgent } from './user-agent';

export function SessionsPanel() {
  const sessions = useQuery(sessionsQuery);
  const end = useEndSession();
  const endOthers = useEndOtherSessions();
  const others = sessions.data?.items.filter((session) => !session.current).length ?? 0;
  return (
    <Panel
      flush
      title="Sessions"
      help="Where you are logged in"
      actions={
        <Button
          variant="default"
          disabled={others === 0}
          loading={endOthers.isPending}
          onClick={() =>
            endOthers.mutate(undefined, { onSuccess: () => notify('All other sessions have ended.') })
          }
        >
          End all others
        </Button>
      }
    >
      {(end.error ?? endOthers.error) && (
        <div className={layout.pad}>
          <ErrorNotice error={end.error ?? endOthers.error} />
        </div>
      )}
      <Loaded query={sessions} label="sessions">
        {({ items }) => (
          <WideTable label="Sessions" minWidth={620}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Browser</Table.Th>
                <Table.Th>Address</Table.Th>
                <Table.Th>Last seen</Table.Th>
                <Table.Th>Since</Table.Th>
                <Table.Th w={90}>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((session) => {
                const browser = describeAgent(session.user_agent);
                return (
                  <Table.Tr key={session.id} data-testid="session-row">
                    <Table.Td>
                      <span className={css.agent} title={session.user_agent ?? undefined}>
                        {browser} {session.current && <Tag tone="good">this one</Tag>}
                      </span>
                    </Table.Td>
                    <Table.Td>{session.address ? <Mono>{session.address}</Mono> : 'Unknown'}</Table.Td>
                    <Table.Td>
                      <Time iso={session.last_seen_at} />
                    </Table.Td>
                    <Table.Td>
                      <Time iso={session.created_at} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {!session.current && (
                        <Button
                          size="xs"
                          variant="default"
                          loading={end.isPending && end.variables === session.id}
                          onClick={() => end.mutate(session.id)}
                          aria-label={`End the session of ${browser}`}
                        >
                          End
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
    </Panel>
  );
}
