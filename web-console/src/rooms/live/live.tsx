import { Button, VisuallyHidden } from '@mantine/core';
import { Activity, ArrowUp, SearchX } from 'lucide-react';
import { useMemo, useRef, useState, type ReactNode } from 'react';
import { useApp } from '../../frame/use-apps';
import type { LiveEvent } from '../../live/event';
import type { LiveSnapshot } from '../../live/feed';
import { isFiltering, NO_FILTER, withWebhooks } from '../../live/filter';
import { useLive, useLiveFeed } from '../../live/live-context';
import { ErrorNotice } from '../../ui/errors';
import { EmptyState, PageHeader, Panel } from '../../ui/page';
import { Counts, Elsewhere } from './counts';
import { EventDrawer } from './details';
import { Foot } from './foot';
import css from './live.module.css';
import { PublishPanel, type PublishHandle } from './publish-panel';
import { RangeMenu } from './range-menu';
import { Stream } from './stream';
import { Toolbar } from './toolbar';
import { useMending } from './use-mending';
import { useRange } from './use-range';
import { useStream } from './use-stream';
import { useUrlFilter } from './use-url-filter';
import { useWebhookEvents } from './use-webhook-events';

export default function Live() {
  const app = useApp();
  const feed = useLiveFeed();
  const live = useLive();
  const [filter, setFilter] = useUrlFilter();
  const { range, lookBack, goTo } = useRange();
  const [frozen, setFrozen] = useState<LiveSnapshot | null>(null);
  const [scrolledAt, setScrolledAt] = useState<LiveSnapshot | null>(null);
  const [cleared, setCleared] = useState(false);
  const [opened, setOpened] = useState<LiveEvent | null>(null);
  const webhooks = useWebhookEvents(app.id);
  const asked = useMemo(() => withWebhooks(filter, webhooks.on), [filter, webhooks.on]);
  const mending = useMending(app.id, webhooks.on);
  const publishing = useRef<PublishHandle>(null);

  // Rows do not move under the reader's eyes: paused, or scrolled down, the stream stands still.
  const held = frozen ?? scrolledAt;
  const shown = held ?? live;
  const view = useStream({
    app: app.id,
    filter: asked,
    live: shown.rows,
    isHeld: held !== null,
    range,
    cleared,
  });
  const { rows, past } = view;
  const isElsewhere = range.atMs !== null;
  const newer = held && !isElsewhere ? live.seen - held.seen : 0;
  const events = rows.filter((row) => row.kind !== 'dropped');
  const earlier = events.filter((row) => typeof row.id === 'string').length;

  const toTop = () => document.querySelector('[data-testid=live-stream]')?.scrollTo({ top: 0 });
  const catchUp = () => {
    setFrozen(null);
    setScrolledAt(null);
    toTop();
  };

  const begin = (atMs: number) => {
    goTo(atMs);
    setCleared(false);
    toTop();
  };
  const backToNow = () => {
    lookBack(null);
    catchUp();
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
            range={
              <RangeMenu
                range={range}
                reachesToMs={view.reach?.kept === 'off' ? undefined : view.reach?.reachesToMs}
                onSpan={(span) => {
                  lookBack(span);
                  catchUp();
                }}
                onMoment={begin}
              />
            }
            paused={frozen !== null}
            onPause={isElsewhere ? undefined : () => setFrozen(frozen ? null : live)}
            onClear={() => {
              feed.clear();
              setCleared(true);
              lookBack(null);
              setFrozen(null);
              setScrolledAt(null);
            }}
          />
          <Counts
            live={live}
            matching={isFiltering(filter) ? events.length : null}
            earlier={earlier}
            mending={mending}
            onRetry={feed.retryNow}
            webhooks={webhooks}
          />
          {range.atMs !== null && <Elsewhere atMs={range.atMs} onMoment={begin} onBack={backToNow} />}
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
              rows={rows}
              isBusy={past.isLoading}
              isWhole={past.isComplete || view.isPresentOnly}
              onOpen={setOpened}
              onAwayFromTop={(away) => setScrolledAt((before) => (away ? (before ?? live) : null))}
              onEnd={view.onEnd}
              empty={
                !past.isLoading && (
                  <NothingThere
                    isFiltering={isFiltering(filter)}
                    isElsewhere={isElsewhere}
                    onUnfilter={() => setFilter(NO_FILTER)}
                  />
                )
              }
              foot={
                <Foot
                  app={app}
                  view={view}
                  range={range}
                  cleared={cleared}
                  onUnclear={() => setCleared(false)}
                />
              }
            />
            <VisuallyHidden role="status">{announcement(past, earlier)}</VisuallyHidden>
          </div>
        </Panel>
        <PublishPanel app={app} ref={publishing} />
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
          publishing.current?.reuse(event);
          setOpened(null);
        }}
      />
    </>
  );
}

/** What a screen reader hears while older rows come in below. */
function announcement(
  { isLoading, isComplete }: { isLoading: boolean; isComplete: boolean },
  earlier: number,
) {
  if (isLoading) return 'Earlier events are on their way';
  if (earlier === 0) return '';
  const there = `${earlier.toLocaleString('en')} earlier events are shown`;
  return isComplete ? `${there}, that is all` : there;
}

function NothingThere({
  isFiltering,
  isElsewhere,
  onUnfilter,
}: {
  isFiltering: boolean;
  isElsewhere: boolean;
  onUnfilter: () => void;
}): ReactNode {
  if (isFiltering) {
    return (
      <EmptyState
        icon={<SearchX size={20} />}
        title="Nothing matches the filter"
        action={
          <Button variant="default" onClick={onUnfilter}>
            Remove the filter
          </Button>
        }
      >
        What happens from now on and matches shows up here at once.
      </EmptyState>
    );
  }
  return isElsewhere ? (
    <EmptyState icon={<SearchX size={20} />} title="Nothing happened up to then">
      Nothing is kept from before that moment.
    </EmptyState>
  ) : (
    <EmptyState icon={<Activity size={20} />} title="Waiting for events">
      Publish one with the form, or connect a client: it shows up here at once.
    </EmptyState>
  );
}
