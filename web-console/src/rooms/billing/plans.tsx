import { Button, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Check, Minus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { plansQuery, subscriptionQuery } from '../../api/billing';
import { useMay } from '../../api/team';
import type { Plan } from '../../api/types';
import { bytes, compact, count, duration, exactAmount } from '../../ui/amount';
import { Loaded } from '../../ui/loading';
import { Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';
import css from './billing.module.css';
import { ChangePlanDialog } from './change-plan';

const yesNo = (has: boolean) =>
  has ? (
    <Check size={16} color="var(--sb-good)" role="img" aria-label="yes" />
  ) : (
    <Minus size={16} color="var(--sb-text-3)" role="img" aria-label="no" />
  );

const ROWS: [string, (plan: Plan) => ReactNode][] = [
  ['Messages per day', ({ limits }) => compact(limits.messages_per_day)],
  [
    'Beyond them, per million',
    ({ overage_micros_per_million: price }) => (price === null ? 'not offered' : exactAmount(price)),
  ],
  ['Connections', ({ limits }) => count(limits.max_connections)],
  ['Publishes per second', ({ limits }) => count(limits.max_publishes_per_s)],
  ['Payload', ({ limits }) => bytes(limits.max_payload_bytes)],
  ['Live, looking back', ({ limits }) => duration(limits.live_hours * 3600)],
  [
    'History of a channel',
    ({ features, limits }) => (features.history ? duration(limits.history_s) : yesNo(false)),
  ],
  ['Subscriptions by pattern', ({ features }) => yesNo(features.patterns)],
  ['Messages to one user', ({ features }) => yesNo(features.direct_messages)],
  ['Presence members', ({ limits }) => count(limits.max_presence_members)],
  ['Apps', ({ limits }) => count(limits.max_apps)],
  ['Keys of an app', ({ limits }) => count(limits.max_keys)],
  ['Webhook endpoints', ({ limits }) => count(limits.max_webhooks)],
  ['Seats', ({ limits }) => count(limits.max_seats)],
];

export function PlansPanel({ org }: { org: string }) {
  const plans = useQuery(plansQuery);
  const subscription = useQuery(subscriptionQuery(org));
  const may = useMay(org);
  const [wanted, setWanted] = useState<Plan | null>(null);
  const current = subscription.data?.plan;
  const isCurrent = (plan: Plan) => plan.plan === current?.plan;
  // What was agreed on may be a version that is not offered any more.
  const shown = (plan: Plan) => (isCurrent(plan) && current ? current : plan);
  return (
    <Panel
      flush
      title="Plans"
      help="Per 30 days. Up at once, down with the next period"
      className={css.plans ?? ''}
    >
      <Loaded query={plans} label="plans">
        {({ items }) => (
          <WideTable label="Plans" minWidth={130 + items.length * 100} comparing>
            <Table.Thead>
              <Table.Tr>
                <Table.Td />
                {items.map((plan) => (
                  <Table.Th key={plan.plan} scope="col" data-testid={`plan-${plan.plan}`}>
                    <span className={css.planName}>{plan.display_name}</span>
                    <span className={css.price}>{exactAmount(shown(plan).price_micros)}</span>
                    {isCurrent(plan) ? (
                      <Tag tone="accent">your plan</Tag>
                    ) : (
                      may('billing.write') && (
                        <Button
                          size="xs"
                          variant={current && plan.price_micros > current.price_micros ? 'filled' : 'default'}
                          disabled={!current}
                          onClick={() => setWanted(plan)}
                          aria-label={`Choose ${plan.display_name}`}
                        >
                          Choose
                        </Button>
                      )
                    )}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {ROWS.map(([label, value]) => (
                <Table.Tr key={label}>
                  <Table.Th scope="row">{label}</Table.Th>
                  {items.map((plan) => (
                    <Table.Td key={plan.plan}>{value(shown(plan))}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
      <ChangePlanDialog org={org} current={current} wanted={wanted} onClose={() => setWanted(null)} />
    </Panel>
  );
}
