import { Anchor, Button, Group, Switch } from '@mantine/core';
import { CAPACITY } from '../../live/buffer';
import type { LiveSnapshot, LiveStatus } from '../../live/feed';
import { Lamp } from '../../ui/page';
import { momentInWords } from '../../ui/time';
import css from './live.module.css';

const STEP_MS = 5 * 60_000;

/** How the live socket stands, and how much there is. */
export function Counts({
  live,
  matching,
  earlier,
  mending,
  onRetry,
  webhooks,
}: {
  live: LiveSnapshot;
  /** How many pass the filter; null without one. */
  matching: number | null;
  /** How many of those shown are from before. */
  earlier: number;
  mending: { failed: boolean; retry: () => void };
  onRetry: () => void;
  webhooks: { on: boolean; switchTo: (on: boolean) => void };
}) {
  return (
    <div className={css.counts}>
      <ConnectionStatus status={live.status} onRetry={onRetry} />
      <span>{live.seen.toLocaleString('en')} seen</span>
      {earlier > 0 && <span>{earlier.toLocaleString('en')} from before</span>}
      {matching !== null && <span>{matching.toLocaleString('en')} match</span>}
      {live.seen > CAPACITY && <span>newest {CAPACITY.toLocaleString('en')} held here</span>}
      {live.dropped > 0 && <span>{live.dropped.toLocaleString('en')} counted, not shown (busy)</span>}
      {mending.failed && (
        <span>
          Some may be missing from while it reconnected.{' '}
          <Anchor component="button" type="button" size="xs" onClick={mending.retry}>
            Look again
          </Anchor>
        </span>
      )}
      <Switch
        className={css.countsEnd}
        size="xs"
        label="Webhook events"
        title="Also shows what webhook endpoints are told, or would be if there were any"
        checked={webhooks.on}
        onChange={(event) => webhooks.switchTo(event.currentTarget.checked)}
      />
    </div>
  );
}

/** Said while the stream does not begin now. */
export function Elsewhere({
  atMs,
  onMoment,
  onBack,
}: {
  atMs: number;
  onMoment: (atMs: number) => void;
  onBack: () => void;
}) {
  return (
    <div className={css.elsewhere}>
      <span role="status">
        What happened up to <strong>{momentInWords(atMs)}</strong>
      </span>
      <Button.Group>
        <Button size="compact-sm" variant="default" onClick={() => onMoment(atMs - STEP_MS)}>
          5 min earlier
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => (atMs + STEP_MS >= Date.now() ? onBack() : onMoment(atMs + STEP_MS))}
        >
          5 min later
        </Button>
      </Button.Group>
      <Button size="compact-sm" onClick={onBack}>
        Back to now
      </Button>
    </div>
  );
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
