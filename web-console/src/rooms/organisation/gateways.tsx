import { Skeleton, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ServerOff } from 'lucide-react';
import { gatewaysQuery } from '../../api/organisations';
import { ErrorNotice } from '../../ui/errors';
import { EmptyState, Lamp, Mono, Panel } from '../../ui/page';
import { Time } from '../../ui/time';
import { WideTable } from '../../ui/table';

export function GatewaysPanel() {
  const gateways = useQuery({ ...gatewaysQuery, refetchInterval: 10_000 });
  const items = gateways.data?.items ?? [];
  return (
    <Panel
      flush
      title="Gateways"
      help="What accepts connections, and how far each has followed the changes made here"
    >
      {gateways.isPending ? (
        <div style={{ padding: '1.125rem' }} role="status" aria-label="Loading gateways">
          <Skeleton h={18} w="60%" />
        </div>
      ) : gateways.error ? (
        <div style={{ padding: '1.125rem' }}>
          <ErrorNotice error={gateways.error} onRetry={() => void gateways.refetch()} />
        </div>
      ) : items.length === 0 ? (
        <EmptyState icon={<ServerOff size={20} />} title="No gateway has registered">
          Start one with this control plane’s address: it appears here by itself.
        </EmptyState>
      ) : (
        <WideTable label="Gateways" minWidth={420}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Gateway</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th ta="right">Confirmed revision</Table.Th>
              <Table.Th ta="right">Last seen</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((gateway) => (
              <Table.Tr key={gateway.id}>
                <Table.Td>
                  <Mono>{gateway.id}</Mono>
                </Table.Td>
                <Table.Td>
                  <span style={{ display: 'inline-flex', alignItems: 'center', gap: '0.5rem' }}>
                    <Lamp tone={gateway.live ? 'good' : 'warn'} />
                    {gateway.live ? 'Connected' : 'Away'}
                  </span>
                </Table.Td>
                <Table.Td ta="right" style={{ fontVariantNumeric: 'tabular-nums' }}>
                  {gateway.confirmed_revision.toLocaleString('en')} of{' '}
                  {gateways.data.head.toLocaleString('en')}
                </Table.Td>
                <Table.Td ta="right">
                  <Time iso={gateway.last_seen} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </WideTable>
      )}
    </Panel>
  );
}
