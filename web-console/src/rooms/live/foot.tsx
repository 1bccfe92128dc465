import { Button, Skeleton } from '@mantine/core';
import { History } from 'lucide-react';
import { hoursInWords, hoursOf, MOST_HOURS, SPANS } from '../../live/spans';
import { ErrorNotice } from '../../ui/errors';
import { TextLink } from '../../ui/link';
import { momentInWords } from '../../ui/time';
import type { App } from '../../api/types';
import css from './live.module.css';
import type { Range } from './use-range';
import type { StreamView } from './use-stream';

/** Below the oldest row: how the past stands. */
export function Foot({
  app,
  view,
  range,
  cleared,
  onUnclear,
}: {
  app: App;
  view: StreamView;
  range: Range;
  cleared: boolean;
  onUnclear: () => void;
}) {
  const { past, reach } = view;
  if (reach?.kept === 'off') return <KeptOff app={app} hours={hoursOf(reach.reachesToMs)} />;
  if (cleared) {
    return (
      <div className={css.foot}>
        <p>Cleared from this page only.</p>
        <Button size="compact-sm" variant="default" onClick={onUnclear}>
          Show what was before
        </Button>
      </div>
    );
  }
  if (past.error) {
    return (
      <div className={css.refused}>
        <ErrorNotice error={past.error} onRetry={past.further} />
      </div>
    );
  }
  if (past.isLoading) return <Coming />;
  if (past.isWaiting) {
    const oldest = past.rows.at(-1);
    return (
      <div className={css.foot}>
        <p>{oldest && <>Looked back to {momentInWords(oldest.atMs)}: few events match.</>}</p>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<History size={14} aria-hidden />}
          onClick={past.further}
        >
          Look further back
        </Button>
      </div>
    );
  }
  return past.isComplete && reach ? <Reached app={app} reach={reach} range={range} /> : null;
}

function KeptOff({ app, hours }: { app: App; hours: number }) {
  return (
    <div className={css.foot}>
      <p>Nothing of this app is kept, so the stream begins when the page is opened.</p>
      {hours === 0 ? (
        <PlansLink app={app} />
      ) : (
        <TextLink to="/apps/$appId/settings/$section" params={{ appId: app.id, section: 'history' }}>
          Change what is kept
        </TextLink>
      )}
    </div>
  );
}

function PlansLink({ app }: { app: App }) {
  return (
    <TextLink to="/organisations/$orgId/billing" params={{ orgId: app.organisation_id }}>
      Paid plans look back {hoursInWords(MOST_HOURS)}
    </TextLink>
  );
}

function Reached({ app, reach, range }: { app: App; reach: NonNullable<StreamView['reach']>; range: Range }) {
  const hours = hoursOf(reach.reachesToMs);
  const span = SPANS.find(({ id }) => id === range.span);
  return (
    <div className={css.foot} data-testid="live-end">
      <p>
        {span && span.ms < hours * 3_600_000
          ? `That is all of the ${span.label.toLowerCase()}.`
          : `That is all. Your plan looks back ${hoursInWords(hours)}, to ${momentInWords(reach.reachesToMs)}.`}
        {reach.kept === 'without_data' && ' Payloads are not kept, as the app’s settings say.'}
      </p>
      {hours < MOST_HOURS && <PlansLink app={app} />}
    </div>
  );
}

/** Rows in the place of those that are on their way. */
export function Coming() {
  return (
    <div aria-hidden>
      {[64, 48, 72].map((width) => (
        <div key={width} className={css.coming}>
          <Skeleton h={12} w="4.5rem" />
          <Skeleton h={18} w="5.5rem" />
          <Skeleton h={12} w={`${width}%`} />
          <Skeleton h={12} w={`${width + 12}%`} />
        </div>
      ))}
    </div>
  );
}
