import { useDebouncedValue } from '@mantine/hooks';
import { Radio } from 'lucide-react';
import { useCallback, useRef, useState } from 'react';
import { prettyJson } from '../../ui/code';
import { EmptyState, Lamp, Panel, Tag } from '../../ui/page';
import type { Draft } from '../../publish/draft';
import { PublishForm } from '../../ui/publish-form';
import { clockTime } from '../../ui/time';
import css from './overview.module.css';
import { useSubscriber, type Received, type Subscriber } from './use-subscriber';

const FIRST: Draft = {
  dialect: 'pusher',
  channel: 'my-channel',
  name: 'my-event',
  data: JSON.stringify({ text: 'Hello from the console' }, null, 2),
};

/** A sender and a receiver side by side: the whole way of a message, with nothing to install. */
export function FirstMessage({
  appId,
  appKey,
  gatewayUrl,
  onDraft,
}: {
  appId: string;
  appKey: string | undefined;
  gatewayUrl: string;
  onDraft: (draft: Draft) => void;
}) {
  const [channel, setChannel] = useState(FIRST.channel);
  const [settled] = useDebouncedValue(channel, 350);
  const sent = useRef<{ event: string; at: number } | null>(null);
  const sentAt = useCallback((event: string) => {
    const last = sent.current;
    sent.current = null;
    return last?.event === event ? last.at : null;
  }, []);
  const { subscriber, received } = useSubscriber({ gatewayUrl, appKey, channel: settled, sentAt });
  return (
    <div className={css.columns}>
      <Panel title="Send a test message" help="Goes through the gateway’s HTTP API, as your back end’s will">
        <PublishForm
          appId={appId}
          initial={FIRST}
          submitLabel="Send test message"
          onDraft={(draft) => {
            setChannel(draft.channel);
            onDraft(draft);
          }}
          onSend={(draft) => {
            sent.current = { event: draft.name, at: performance.now() };
          }}
        />
      </Panel>
      <Panel
        flush
        className={css.received}
        title="Received in this browser"
        help={`A real subscriber of ${settled || 'a channel'}`}
        actions={<SubscriberStatus subscriber={subscriber} />}
      >
        <div className={css.receivedBody} role="log" aria-label="Received messages" tabIndex={0}>
          {received.length === 0 ? (
            <EmptyState icon={<Radio size={20} />} title="Nothing received yet">
              {hint(subscriber)}
            </EmptyState>
          ) : (
            <ul className={css.items}>
              {received.map((item) => (
                <ReceivedItem key={item.id} item={item} />
              ))}
            </ul>
          )}
        </div>
      </Panel>
    </div>
  );
}

function ReceivedItem({ item }: { item: Received }) {
  const text = typeof item.data === 'string' ? item.data : JSON.stringify(item.data);
  return (
    <li className={css.item} data-testid="received-message">
      <div className={css.itemHead}>
        <span className={css.itemEvent}>{item.event}</span>
        {item.tookMs !== null && <Tag tone="good">{`${Math.round(item.tookMs)} ms after sending`}</Tag>}
        <time dateTime={new Date(item.atMs).toISOString()} style={{ color: 'var(--sb-text-3)' }}>
          {clockTime(item.atMs)}
        </time>
      </div>
      <pre className={css.itemData}>{prettyJson(text).code}</pre>
    </li>
  );
}

function SubscriberStatus({ subscriber }: { subscriber: Subscriber }) {
  const [tone, words] =
    subscriber.phase === 'subscribed'
      ? (['good', 'Subscribed'] as const)
      : subscriber.phase === 'refused'
        ? (['bad', 'Refused'] as const)
        : subscriber.why === 'needs-authorisation' || subscriber.why === 'no-key'
          ? (['neutral', 'Not subscribed'] as const)
          : (['warn', subscriber.why === 'connecting' ? 'Connecting' : 'Reconnecting'] as const);
  return (
    <span className={css.status} role="status" data-testid="subscriber-status">
      <Lamp tone={tone} /> {words}
    </span>
  );
}

function hint(subscriber: Subscriber): string {
  if (subscriber.phase === 'subscribed')
    return 'Press “Send test message”: it arrives here over a WebSocket.';
  if (subscriber.phase === 'refused') return `The gateway refused this browser. ${subscriber.message}`;
  switch (subscriber.why) {
    case 'needs-authorisation':
      return 'Subscribing here needs a signature from your back end. The Live room shows the message all the same.';
    case 'no-key':
      return 'The app has no active key. Mint one in Keys.';
    case 'connecting':
      return 'Opening a WebSocket to the gateway…';
    case 'reconnecting':
      return 'The gateway does not answer at the moment. Trying again.';
  }
}
