import { Checkbox } from '@mantine/core';
import type { ReactNode } from 'react';
import type { EventInfo } from '../../webhooks/events';
import keys from '../keys/keys.module.css';
import css from './webhooks.module.css';

/** What an endpoint hears of. Told everything, the list says what that is. */
export function EventsField({
  among,
  all,
  value,
  onChange,
  error,
}: {
  among: readonly EventInfo[];
  all: boolean;
  value: readonly string[];
  onChange: (events: string[]) => void;
  error?: ReactNode;
}) {
  return (
    <fieldset className={keys.fieldset} aria-label="Events to hear of">
      <div className={keys.actions}>
        {among.map((event) => {
          const checked = all ? !event.isOptIn : value.includes(event.type);
          return (
            <Checkbox.Card
              key={event.type}
              className={`${keys.action} ${css.card}`}
              checked={checked}
              disabled={all}
              data-testid={`event-${event.type}`}
              onClick={() =>
                onChange(checked ? value.filter((type) => type !== event.type) : [...value, event.type])
              }
            >
              <span className={keys.actionHead}>
                <Checkbox.Indicator size="xs" /> {event.label}
              </span>
              <span className={keys.actionHelp}>{event.help}</span>
            </Checkbox.Card>
          );
        })}
      </div>
      {error && (
        <p role="alert" className={css.fieldError}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
