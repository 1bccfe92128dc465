import { Button, Drawer, Group, Stack } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { attemptsQuery, useReplay, type Delivery, type Endpoint, type Owner } from '../../api/webhooks';
import { CodeBlock } from '../../ui/code';
import { CopyIcon } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { notify } from '../../ui/notify';
import { Mono, Tag } from '../../ui/page';
import { Time } from '../../ui/time';
import { ATTEMPTS, stateWords } from '../../webhooks/delivery';
import { eventLabel } from '../../webhooks/events';
import { AttemptList } from './attempts';
import css from './webhooks.module.css';

/** One event for one endpoint: what it says, and every attempt to say it. */
export function DeliveryDrawer({
  owner,
  endpoint,
  delivery,
  mayChange,
  onClose,
}: {
  owner: Owner;
  endpoint: Endpoint;
  delivery: Delivery | null;
  mayChange: boolean;
  onClose: () => void;
}) {
  return (
    <Drawer
      opened={delivery !== null}
      onClose={onClose}
      position="right"
      size="xl"
      title={delivery ? eventLabel(delivery.type) : ''}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {delivery && (
        <DeliveryView
          key={delivery.id}
          owner={owner}
          endpoint={endpoint}
          delivery={delivery}
          mayChange={mayChange}
        />
      )}
    </Drawer>
  );
}

function DeliveryView({
  owner,
  endpoint,
  delivery,
  mayChange,
}: {
  owner: Owner;
  endpoint: Endpoint;
  delivery: Delivery;
  mayChange: boolean;
}) {
  const attempts = useInfiniteQuery(attemptsQuery(owner, endpoint.id, delivery.id));
  const replay = useReplay(owner, endpoint.id);
  const { label, tone } = stateWords(delivery.state);
  return (
    <Stack gap="lg" data-testid="delivery">
      <dl className={css.drawerFacts}>
        <dt>State</dt>
        <dd>
          <Tag tone={tone}>{label}</Tag>
        </dd>
        <dt>Event id</dt>
        <dd className={css.copied}>
          <Mono>{delivery.message_id}</Mono>
          <CopyIcon value={delivery.message_id} label="event id" />
        </dd>
        {delivery.channel && (
          <>
            <dt>Channel</dt>
            <dd>
              <Mono>{delivery.channel}</Mono>
            </dd>
          </>
        )}
        <dt>Happened</dt>
        <dd>
          <Time iso={delivery.created_at} />
        </dd>
        <dt>Tries</dt>
        <dd>
          {delivery.attempts} of {ATTEMPTS}
          {delivery.state === 'pending' && delivery.next_at && (
            <>
              , next <Time iso={delivery.next_at} />
            </>
          )}
        </dd>
        {delivery.finished_at && (
          <>
            <dt>{delivery.state === 'dead' ? 'Given up' : 'Taken'}</dt>
            <dd>
              <Time iso={delivery.finished_at} />
            </dd>
          </>
        )}
        {delivery.last_error && (
          <>
            <dt>Last error</dt>
            <dd>{delivery.last_error}</dd>
          </>
        )}
      </dl>
      <section aria-label="What it says">
        <h3 className={css.half}>What it says</h3>
        {isEmpty(delivery.data) ? (
          <p className={css.sub}>Nothing beside its type and its channel.</p>
        ) : (
          <CodeBlock code={JSON.stringify(delivery.data, null, 2)} language="json" label="Event" />
        )}
      </section>
      {mayChange && (
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<RotateCcw size={15} aria-hidden />}
            loading={replay.isPending}
            disabled={!endpoint.enabled || (delivery.state === 'pending' && delivery.attempts === 0)}
            onClick={() =>
              replay.mutate(delivery.id, {
                onSuccess: () => notify('The event is on its way again.'),
              })
            }
          >
            Send it again
          </Button>
        </Group>
      )}
      {replay.error && <ErrorNotice error={replay.error} />}
      <section aria-label="Requests">
        <h3 className={css.half}>Requests</h3>
        <Loaded
          query={attempts}
          label="requests"
          empty={({ pages }) =>
            pages[0]?.items.length === 0 && (
              <p className={css.sub}>
                {delivery.attempts === 0
                  ? 'None yet: the first is sent in a moment.'
                  : 'They are no longer kept.'}
              </p>
            )
          }
        >
          {({ pages }) => (
            <AttemptList
              owner={owner}
              endpoint={endpoint}
              items={pages.flatMap((page) => page.items)}
              openFirst
            />
          )}
        </Loaded>
        <ShowMore query={attempts} />
      </section>
    </Stack>
  );
}

const isEmpty = (data: unknown): boolean =>
  data === null || (typeof data === 'object' && Object.keys(data).length === 0);
