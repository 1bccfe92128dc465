import { Button, SegmentedControl, Select, Table, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Inbox, RotateCcw, SearchX } from 'lucide-react';
import { useState } from 'react';
import {
  deliveriesQuery,
  refreshAfter,
  type Delivery,
  type DeliveryState,
  type Endpoint,
  type Owner,
} from '../../api/webhooks';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, Mono, Panel, Tag } from '../../ui/page';
import { Nothing, WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import { ATTEMPTS, STATES, stateWords, triesInWords } from '../../webhooks/delivery';
import { eventLabel, eventsFor } from '../../webhooks/events';
import { DeliveryDrawer } from './delivery-drawer';
import { ReplayDialog } from './replay';
import css from './webhooks.module.css';

/** Every event for this endpoint, and how it fared. */
export function Deliveries({
  owner,
  endpoint,
  mayChange,
}: {
  owner: Owner;
  endpoint: Endpoint;
  mayChange: boolean;
}) {
  const [state, setState] = useState<DeliveryState | null>(null);
  const [type, setType] = useState<string | null>(null);
  const [channel, setChannel] = useState('');
  const [settled] = useDebouncedValue(channel.trim(), 300);
  const deliveries = useInfiniteQuery({
    ...deliveriesQuery(owner, endpoint.id, {
      state: state ?? undefined,
      type: type ?? undefined,
      channel: settled || undefined,
    }),
    refetchInterval: (query) => refreshAfter(query.state.data),
  });
  const [opened, setOpened] = useState<Delivery | null>(null);
  const [replaying, setReplaying] = useState(false);
  const items = deliveries.data?.pages.flatMap((page) => page.items) ?? [];
  // The list is read again meanwhile: the drawer shows what is known now.
  const shown = opened && (items.find(({ id }) => id === opened.id) ?? opened);
  const isFiltering = state !== null || type !== null || settled !== '';
  return (
    <Panel flush>
      <div className={css.bar} role="toolbar" aria-label="Filter deliveries">
        <SegmentedControl
          aria-label="State"
          value={state ?? 'all'}
          onChange={(value) => setState(value === 'all' ? null : (value as DeliveryState))}
          data={[{ value: 'all', label: 'All' }, ...STATES.map(({ value, label }) => ({ value, label }))]}
        />
        <Select
          aria-label="Event"
          placeholder="Every event"
          clearable
          w={190}
          data={eventsFor(owner.of, endpoint.form).map(({ type, label }) => ({ value: type, label }))}
          value={type}
          onChange={setType}
        />
        {owner.of === 'apps' && (
          <TextInput
            aria-label="Channel"
            placeholder="Channel"
            value={channel}
            spellCheck={false}
            onChange={(event) => setChannel(event.currentTarget.value)}
          />
        )}
        {mayChange && (
          <Button
            variant="default"
            className={css.barEnd}
            leftSection={<RotateCcw size={15} aria-hidden />}
            onClick={() => setReplaying(true)}
          >
            Replay…
          </Button>
        )}
      </div>
      <Loaded
        query={deliveries}
        label="deliveries"
        empty={({ pages }) =>
          pages.every((page) => page.items.length === 0) &&
          (isFiltering ? (
            <EmptyState
              icon={<SearchX size={20} />}
              title="Nothing like that"
              action={
                <Button
                  variant="default"
                  onClick={() => {
                    setState(null);
                    setType(null);
                    setChannel('');
                  }}
                >
                  Remove the filter
                </Button>
              }
            >
              {deliveries.hasNextPage
                ? 'Not among the newest ones: there are older ones to look through.'
                : 'No delivery matches. A channel is looked up by its whole name.'}
            </EmptyState>
          ) : (
            <EmptyState icon={<Inbox size={20} />} title="Nothing to tell yet">
              {endpoint.enabled
                ? 'The next event that this endpoint hears of shows up here by itself. To see one now, send a test.'
                : 'It is disabled, so nothing is sent.'}
            </EmptyState>
          ))
        }
      >
        {() => <DeliveriesTable owner={owner} items={items} onOpen={setOpened} />}
      </Loaded>
      <ShowMore query={deliveries} />
      <DeliveryDrawer
        owner={owner}
        endpoint={endpoint}
        delivery={shown}
        mayChange={mayChange}
        onClose={() => setOpened(null)}
      />
      <ReplayDialog
        owner={owner}
        endpoint={endpoint}
        opened={replaying}
        onClose={() => setReplaying(false)}
      />
    </Panel>
  );
}

function DeliveriesTable({
  owner,
  items,
  onOpen,
}: {
  owner: Owner;
  items: Delivery[];
  onOpen: (delivery: Delivery) => void;
}) {
  return (
    <WideTable label="Deliveries" minWidth={720} dense>
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={112}>State</Table.Th>
          <Table.Th>Event</Table.Th>
          {owner.of === 'apps' && <Table.Th>Channel</Table.Th>}
          <Table.Th>Tries</Table.Th>
          <Table.Th>Last answer</Table.Th>
          <Table.Th>When</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((delivery) => {
          const { label, tone } = stateWords(delivery.state);
          return (
            <Table.Tr
              key={delivery.id}
              className={css.clickable}
              data-testid="delivery-row"
              data-state={delivery.state}
              onClick={() => onOpen(delivery)}
            >
              <Table.Td data-card="aside">
                <Tag tone={tone}>{label}</Tag>
              </Table.Td>
              <Table.Td data-card="title">
                <button
                  type="button"
                  className={css.rowButton}
                  // The row is for the mouse, the button for everybody: one of them is enough.
                  onClick={(event) => {
                    event.stopPropagation();
                    onOpen(delivery);
                  }}
                >
                  {eventLabel(delivery.type)}
                </button>
              </Table.Td>
              {owner.of === 'apps' && (
                <Table.Td>{delivery.channel ? <Mono>{delivery.channel}</Mono> : <Nothing />}</Table.Td>
              )}
              <Table.Td className={css.nowrap}>
                <span className={css.inTable}>
                  {delivery.attempts} of {ATTEMPTS}
                </span>
                <span className={css.inCard}>{triesInWords(delivery.state, delivery.attempts)}</span>
                {delivery.state === 'pending' && delivery.next_at && (
                  <span className={css.sub}>
                    <span className={css.inCard}>, </span>next <Time iso={delivery.next_at} />
                  </span>
                )}
              </Table.Td>
              <Table.Td className={css.answer}>
                <Answer delivery={delivery} />
              </Table.Td>
              <Table.Td className={css.nowrap}>
                <Time iso={delivery.created_at} />
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </WideTable>
  );
}

function Answer({ delivery: { last_status, last_error } }: { delivery: Delivery }) {
  if (last_status !== null)
    return (
      <>
        <span className={css.inCard}>answered </span>
        {last_status}
      </>
    );
  if (last_error === null) return <Nothing />;
  return (
    <>
      <span className={css.inTable}>none</span>
      <span className={css.sub}>{last_error}</span>
    </>
  );
}
