import type { Endpoint } from '../../api/webhooks';
import { Lamp } from '../../ui/page';
import { Time } from '../../ui/time';
import { healthOf } from '../../webhooks/health';
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
          <span className={css.sub}>
            {at.label} <Time iso={at.iso} />
          </span>
        )}
      </span>
    </span>
  );
}
