import { Button } from '@mantine/core';
import { CircleAlert, CirclePause, TriangleAlert } from 'lucide-react';
import type { Endpoint, Owner } from '../../api/webhooks';
import { Lamp, Notice } from '../../ui/page';
import { Time } from '../../ui/time';
import { eventLabel, eventsFor, eventsInWords } from '../../webhooks/events';
import { formLabel } from '../../webhooks/forms';
import { countUpTo, healthOf } from '../../webhooks/health';
import { HealthMoment } from './health';
import css from './webhooks.module.css';

/** Said aloud only where something is to be known or done. */
export function EndpointState({
  endpoint,
  onEnable,
  busy,
}: {
  endpoint: Endpoint;
  /** Missing where the reader may not. */
  onEnable?: (() => void) | undefined;
  busy: boolean;
}) {
  const { tone, label, words, at } = healthOf(endpoint);
  if (tone === 'good' || (tone === 'neutral' && endpoint.enabled)) return null;
  return (
    <Notice
      tone={tone === 'neutral' ? 'neutral' : tone}
      role="status"
      icon={!endpoint.enabled ? <CirclePause size={17} aria-hidden /> : <CircleAlert size={17} aria-hidden />}
      title={label}
    >
      <div className={css.noticeRow}>
        <span>
          {words}
          {at && (
            <span className={css.moment}>
              <HealthMoment at={at} />
            </span>
          )}
          {!endpoint.enabled && ' Enabling it starts anew; what was missed can be replayed below.'}
        </span>
        {!endpoint.enabled && onEnable && (
          <Button size="xs" variant="default" loading={busy} onClick={onEnable}>
            Enable
          </Button>
        )}
      </div>
    </Notice>
  );
}

/** What is set, and the figures. */
export function EndpointSummary({ owner, endpoint }: { owner: Owner; endpoint: Endpoint }) {
  const { stats, events, channels } = endpoint;
  const { tone, label } = healthOf(endpoint);
  const facts: [string, React.ReactNode, React.ReactNode][] = [
    [
      'Health',
      <span key="health" className={css.health} data-testid="endpoint-health" data-tone={tone}>
        <Lamp tone={tone} /> {label}
      </span>,
      stats.last_status === null ? 'no answer yet' : `last answer ${stats.last_status}`,
    ],
    [
      'Waiting',
      countUpTo(stats.pending),
      stats.pending === 0 ? 'nothing is due' : 'to be sent or tried again',
    ],
    [
      'Dead letters',
      countUpTo(stats.dead),
      stats.dead === 0 ? 'nothing was given up' : 'given up, kept for 30 days',
    ],
    [
      'Last taken',
      stats.last_success_at ? <Time key="taken" iso={stats.last_success_at} /> : '–',
      <>
        added <Time iso={endpoint.created_at} />
      </>,
    ],
  ];
  return (
    <div className={css.summary}>
      <dl className={css.facts}>
        {facts.map(([name, value, more]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value}
              <small>{more}</small>
            </dd>
          </div>
        ))}
      </dl>
      <p className={css.settings}>
        <span>
          <b>Form</b> {formLabel(endpoint.form)}
        </span>
        <span title={events.map(eventLabel).join(', ')}>
          <b>Events</b> {eventsInWords(events, eventsFor(owner.of, endpoint.form))}
        </span>
        {owner.of === 'apps' && (
          <span>
            <b>Channels</b>{' '}
            {channels.length === 0 ? (
              'every one'
            ) : (
              <span className={css.mono}>
                {channels.slice(0, 3).join(', ')}
                {channels.length > 3 && ` and ${channels.length - 3} more`}
              </span>
            )}
          </span>
        )}
        {endpoint.secret_rotated_until && (
          <span className={css.warned}>
            <TriangleAlert size={13} aria-hidden /> the previous secret signs too, it ends{' '}
            <Time iso={endpoint.secret_rotated_until} />
          </span>
        )}
      </p>
    </div>
  );
}
