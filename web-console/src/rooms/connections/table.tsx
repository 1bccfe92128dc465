import { Button, Group, Modal, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { Unplug } from 'lucide-react';
import { useState } from 'react';
import { useTerminate, type Connection } from '../../api/connections';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { notify } from '../../ui/notify';
import { Mono, Tag } from '../../ui/page';
import { Nothing, WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import css from '../channels/channels.module.css';

const CHANNELS_SHOWN = 3;

export function ConnectionsTable({ appId, items }: { appId: string; items: Connection[] }) {
  const [ending, setEnding] = useState<string | null>(null);
  const terminate = useTerminate(appId);
  const close = () => {
    setEnding(null);
    terminate.reset();
  };
  const end = () => {
    if (ending === null) return;
    terminate.mutate(ending, {
      onSuccess: () => {
        close();
        notify('The connection is being closed.');
      },
    });
  };
  return (
    <>
      <WideTable label="Connections" minWidth={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Socket</Table.Th>
            <Table.Th>User</Table.Th>
            <Table.Th>Channels</Table.Th>
            <Table.Th>Connected</Table.Th>
            <Table.Th w={120}>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((open) => (
            <Table.Tr key={open.socket_id} data-testid="connection-row">
              <Table.Td>
                <Mono>{open.socket_id}</Mono> <Tag>{open.dialect}</Tag>
              </Table.Td>
              <Table.Td>{open.user_id ? <Mono>{open.user_id}</Mono> : <Nothing />}</Table.Td>
              <Table.Td>
                <Channels names={open.channels} count={open.channel_count} />
              </Table.Td>
              <Table.Td>
                <Time iso={new Date(open.opened_at_ms).toISOString()} />
              </Table.Td>
              <Table.Td ta="right">
                <Button
                  size="compact-sm"
                  variant="default"
                  leftSection={<Unplug size={14} aria-hidden />}
                  onClick={() => setEnding(open.socket_id)}
                  aria-label={`End ${open.socket_id}`}
                >
                  End
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
      <Modal
        opened={ending !== null}
        onClose={close}
        title="End this connection?"
        size="md"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack gap="md">
          <Text size="sm" c="var(--sb-text-2)">
            The client of <Mono>{ending}</Mono> is told that it was sent away. Most SDKs connect again by
            themselves: to keep somebody out, take away the key or refuse them where your server authorises.
          </Text>
          {terminate.error && <ErrorNotice error={terminate.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button color="red" loading={terminate.isPending} onClick={end}>
              End the connection
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function Channels({ names, count }: { names: string[]; count: number }) {
  const first = names.slice(0, CHANNELS_SHOWN);
  if (count === 0) return <Nothing />;
  return (
    <span className={css.names} title={names.join('\n')}>
      {first.map((name) => (
        <Mono key={name}>{name}</Mono>
      ))}
      {count > first.length && (
        <span className={layout.sub}>and {(count - first.length).toLocaleString('en')} more</span>
      )}
    </span>
  );
}
