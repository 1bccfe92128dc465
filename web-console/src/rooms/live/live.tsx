import { Anchor, Button, Group, Switch } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Activity, ArrowUp, SearchX } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { useApp } from '../../frame/use-apps';
import { CAPACITY } from '../../live/buffer';
import { LIVE_DIALECTS, type LiveEvent } from '../../live/event';
import type { LiveSnapshot, LiveStatus } from '../../live/feed';
import { isFiltering, NO_FILTER, passes, type LiveFilter } from '../../live/filter';
import { useLive, useLiveFeed } from '../../live/live-context';
import { EmptyState, Lamp, PageHeader, Panel } from '../../ui/page';
import { PublishForm, type PublishFormHandle } from '../../ui/publish-form';
import { ErrorNotice } from '../../ui/errors';
import { EventDrawer } from './details';
import { HeardAs } from './heard';
import css from './live.module.css';
import { Stream } from './stream';
import { Toolbar } from './toolbar';
import { useWebhookEvents } from './use-webhook-events';

const FIRST = { channel: 'my-channel', name: 'my-event', data: '{\n  "text": "Hello"\n}' };

export default function Live() {
  const app = useApp();
  const feed = useLiveFeed();
  const live = useLive();
  const [filter, setFilter] = useUrlFilter();
  const [frozen, setFrozen] = useState<LiveSnapshot | null>(null);
  const [scrolledAt, setScrolledAt] = useState<LiveSnapshot | null>(null);
  const [opened, setOpened] = useState<LiveEvent | null>(null);
  const webhooks = useWebhookEvents(app.id);
  const [draft, setDraft] = useState(FIRST);
  const publishForm = useRef<PublishFormHandle>(null);

  // Rows do not move under the reader's eyes: paused, or scrolled down, the stream stands still.
  const held = frozen ?? scrolledAt;
  const rows = held ? held.rows : live.rows;
  const shown = useMemo(
    () => (isFiltering(filter) ? rows.filter((row) => passes(row, filter)) : rows),
    [rows, filter],
  );
  const newer = held ? live.seen - held.seen : 0;

  const catchUp = () => {
    setFrozen(null);
    setScrolledAt(null);
    document.querySelector('[data-testid=live-stream]')?.scrollTo({ top: 0 });
  };

  return (
    <>
      <PageHeader
        title="Live"
        lede="Every connection, subscription, message and refusal of this app, as it happens."
      />
      <div className={css.columns}>
        <Panel flush>
          <Toolbar
            filter={filter}
            onFilter={setFilter}
            paused={frozen !== null}
            onPause={() => setFrozen(frozen ? null : live)}
            onClear={() => {
              feed.clear();
              setFrozen(null);
              setScrolledAt(null);
            }}
          />
          <div className={css.counts}>
            <ConnectionStatus status={live.status} onRetry={feed.retryNow} />
            <span>{live.seen.toLocaleString('en')} seen</span>
            {isFiltering(filter) && <span>{shown.length.toLocaleString('en')} match</span>}
            {live.seen > CAPACITY && <span>newest {CAPACITY.toLocaleString('en')} kept</span>}
            {live.dropped > 0 && <span>{live.dropped.toLocaleString('en')} counted, not shown (busy)</span>}
            <Switch
              className={css.countsEnd}
              size="xs"
              label="Webhook events"
              title="Also shows what webhook endpoints are told, or would be if there were any"
              checked={webhooks.on}
              onChange={(event) => webhooks.switchTo(event.currentTarget.checked)}
            />
          </div>
          {webhooks.refused && (
            <div className={css.refused}>
              <ErrorNotice error={webhooks.refused} onRetry={() => webhooks.switchTo(true)} />
            </div>
          )}
          <div className={css.streamBox}>
            {newer > 0 && (
              <Button
                className={css.newer}
                size="xs"
                radius="xl"
                leftSection={<ArrowUp size={14} aria-hidden />}
                onClick={catchUp}
              >
                {newer.toLocaleString('en')} newer
              </Button>
            )}
            <Stream
              rows={shown}
              onOpen={setOpened}
              onAwayFromTop={(away) => setScrolledAt((before) => (away ? (before ?? live) : null))}
              empty={
                isFiltering(filter) && rows.length > 0 ? (
                  <EmptyState
                    icon={<SearchX size={20} />}
                    title="Nothing matches the filter"
                    action={
                      <Button variant="default" onClick={() => setFilter(NO_FILTER)}>
                        Remove the filter
                      </Button>
                    }
                  >
                    {rows.length.toLocaleString('en')} events are there, none like this.
                  </EmptyState>
                ) : (
                  <EmptyState icon={<Activity size={20} />} title="Waiting for events">
                    Publish one with the form, or connect a client: it shows up here at once.
                  </EmptyState>
                )
              }
            />
          </div>
        </Panel>
        <Panel title="Publish" help="Ctrl or ⌘ and Enter sends">
          <PublishForm
            ref={publishForm}
            appId={app.id}
            initial={FIRST}
            submitLabel="Publish"
            onDraft={setDraft}
          />
          <HeardAs draft={draft} />
        </Panel>
      </div>
      <EventDrawer
        appId={app.id}
        event={opened}
        onClose={() => setOpened(null)}
        onOnly={(part) => {
          setFilter({ ...NO_FILTER, ...part });
          setOpened(null);
        }}
        onReuse={(event) => {
          publishForm.current?.fill({
            channel: event.channel ?? '',
            name: event.event ?? '',
            data: event.data ?? '',
          });
          setOpened(null);
        }}
      />
    </>
  );
}

/** The filter lives in the address, so that a view can be shared and survives a reload. */
function useUrlFilter(): [LiveFilter, (filter: LiveFilter) => void] {
  const search = useSearch({ from: '/signed-in/apps/$appId/live' });
  const navigate = useNavigate({ from: '/apps/$appId/live' });
  const [filter, setState] = useState<LiveFilter>({
    kinds: search.kinds ?? [],
    channel: search.channel ?? '',
    event: search.event ?? '',
    socket: search.socket ?? '',
    dialect: search.dialect ?? '',
    search: search.q ?? '',
  });
  const setFilter = (next: LiveFilter) => {
    setState(next);
    void navigate({
      replace: true,
      search: {
        kinds: next.kinds.length > 0 ? [...next.kinds] : undefined,
        channel: next.channel || undefined,
        event: next.event || undefined,
        socket: next.socket || undefined,
        dialect: LIVE_DIALECTS.find((dialect) => dialect === next.dialect),
        q: next.search || undefined,
      },
    });
  };
  return [filter, setFilter];
}

const STATUS: Record<LiveStatus, ['good' | 'warn' | 'neutral', string]> = {
  connecting: ['warn', 'Connecting'],
  open: ['good', 'Live'],
  reconnecting: ['warn', 'Reconnecting'],
  closed: ['neutral', 'Closed'],
};

function ConnectionStatus({ status, onRetry }: { status: LiveStatus; onRetry: () => void }) {
  const [tone, words] = STATUS[status];
  return (
    <Group gap="xs" wrap="nowrap">
      <span className={css.status} role="status" data-testid="live-status">
        <Lamp tone={tone} /> {words}
      </span>
      {status === 'reconnecting' && (
        <Anchor component="button" type="button" size="xs" onClick={onRetry}>
          Try now
        </Anchor>
      )}
    </Group>
  );
}
