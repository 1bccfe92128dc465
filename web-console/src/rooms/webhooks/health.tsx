import type { Endpoint } from '../../api/webhooks';
import { Countdown } from '../../ui/countdown';
import { Lamp } from '../../ui/page';
import { Time } from '../../ui/time';
import { healthOf, type Health } from '../../webhooks/health';
import css from './webhooks.module.css';

/** The lamp and the word, with the moment that belongs to it. */
export function HealthLine({ endpoint }: { endpoint: Endpoint }) {
  const { tone, label, at } = healthOf(endpoint);
  return (
    <span className={css.health} data-testid="endpoint-health" data-tone={tone}>
      <Lamp tone={tone} />
      <span>
        {label}
        {at && (
          <span className={`${css.sub} ${css.nowrap}`}>
            <HealthMoment at={at} />
          </span>
        )}
      </span>
    </span>
  );
}

/** The moment that belongs to a state of health. */
export function HealthMoment({ at }: { at: NonNullable<Health['at']> }) {
  if (at.is === 'since') {
    return (
      <>
        since <Time iso={at.iso} />
      </>
    );
  }
  return (
    <>
      tries again <Countdown iso={at.iso} done="now" />
    </>
  );
}
