import { Table } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { BellOff } from 'lucide-react';
import { appsQuery } from '../../api/apps';
import { alertsQuery } from '../../api/billing';
import type { Alert } from '../../api/types';
import { count, roundedAmount } from '../../ui/amount';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { Time } from '../../ui/time';

const RULES: Record<Alert['rule'], { label: string; amount: (n: number) => string }> = {
  messages: { label: 'Message quota', amount: count },
  app_messages: { label: 'Message quota of an app', amount: count },
  connections: { label: 'Connections', amount: count },
  app_connections: { label: 'Connections of an app', amount: count },
  spend_limit: { label: 'Spending limit', amount: roundedAmount },
};

export function AlertsSentPanel({ org }: { org: string }) {
  const alerts = useInfiniteQuery(alertsQuery(org));
  const apps = useQuery(appsQuery(org));
  const nameOf = (id: string) => apps.data?.find((app) => app.id === id)?.name ?? id;
  return (
    <Panel flush title="Alerts that were sent">
      <Loaded
        query={alerts}
        label="alerts that were sent"
        empty={({ pages }) =>
          pages[0]?.items.length === 0 && (
            <EmptyState icon={<BellOff size={20} />} title="None so far">
              When a limit comes near, the mail that says so is listed here as well.
            </EmptyState>
          )
        }
      >
        {({ pages }) => (
          <WideTable label="Alerts that were sent" minWidth={520}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>What</Table.Th>
                <Table.Th>Reached</Table.Th>
                <Table.Th ta="right">Used</Table.Th>
                <Table.Th>When</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pages
                .flatMap((page) => page.items)
                .map((alert) => {
                  const { label, amount } = RULES[alert.rule];
                  return (
                    <Table.Tr
                      key={`${alert.rule} ${alert.app_id} ${alert.window_start} ${alert.threshold}`}
                      data-testid="alert-row"
                    >
                      <Table.Td>
                        <span className={layout.cellName}>{label}</span>
                        {alert.app_id && (
                          <>
                            <br />
                            <span className={layout.sub}>{nameOf(alert.app_id)}</span>
                          </>
                        )}
                      </Table.Td>
                      <Table.Td>
                        <Tag tone={alert.threshold >= 100 ? 'bad' : alert.threshold >= 80 ? 'warn' : 'info'}>
                          {`${alert.threshold} %`}
                        </Tag>
                      </Table.Td>
                      <Table.Td className={layout.number}>
                        {amount(alert.used)} of {amount(alert.limit)}
                      </Table.Td>
                      <Table.Td>
                        <Time iso={alert.at} />
                      </Table.Td>
                    </Table.Tr>
                  );
                })}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
      <ShowMore query={alerts} />
    </Panel>
  );
}
