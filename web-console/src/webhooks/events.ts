import type { Form, Owner } from '../api/webhooks-types';

export type EventInfo = {
  /** As endpoints name it. The standard form and Relay write a dot for its `_`. */
  type: string;
  label: string;
  help: string;
  /** Not told unless it is asked for by name. */
  isOptIn?: true;
};

/** What happens on channels, which every form can tell. */
export const CHANNEL_EVENTS: readonly EventInfo[] = [
  { type: 'channel_occupied', label: 'Channel occupied', help: 'The first subscription came' },
  {
    type: 'channel_vacated',
    label: 'Channel vacated',
    help: 'The last one left, and nobody came back for three seconds',
  },
  { type: 'member_added', label: 'Member added', help: 'A user joined a presence channel' },
  {
    type: 'member_removed',
    label: 'Member removed',
    help: 'Their last connection left, and none came back for three seconds',
  },
  { type: 'client_event', label: 'Client event', help: 'A client published to other clients' },
  { type: 'cache_miss', label: 'Cache miss', help: 'Somebody came to a cache channel that was empty' },
  {
    type: 'subscription_count',
    label: 'Subscription count',
    help: 'How many hear a channel has changed. Frequent: only told where it is chosen',
    isOptIn: true,
  },
];

/** What concerns the account, in the standard form only. */
export const OWN_EVENTS: readonly EventInfo[] = [
  { type: 'quota.threshold', label: 'Quota threshold', help: 'A part of a quota is used up' },
  { type: 'key.revoked', label: 'Key revoked', help: 'A key or a pair is refused from now on' },
  {
    type: 'endpoint.disabled',
    label: 'Endpoint disabled',
    help: 'A webhook endpoint failed for five days, or said that it is gone',
  },
  { type: 'invoice.created', label: 'Invoice created', help: 'A bill was written' },
  { type: 'invoice.paid', label: 'Invoice paid', help: 'A bill was settled' },
  { type: 'invoice.payment_failed', label: 'Payment failed', help: 'A payment was refused' },
];

/** Those of the account that are about one app. */
const OWN_OF_APPS = ['quota.threshold', 'key.revoked', 'endpoint.disabled'];

/** The dialect has no words for the others. */
const OF_RELAY = ['channel_occupied', 'channel_vacated', 'member_added', 'member_removed'];

/** What an endpoint may ask for. */
export function eventsFor(of: Owner['of'], form: Form): readonly EventInfo[] {
  if (of === 'organisations') return OWN_EVENTS;
  if (form === 'pusher') return CHANNEL_EVENTS;
  if (form === 'relay') return CHANNEL_EVENTS.filter(({ type }) => OF_RELAY.includes(type));
  return [...CHANNEL_EVENTS, ...OWN_EVENTS.filter(({ type }) => OWN_OF_APPS.includes(type))];
}

const byType = new Map([...CHANNEL_EVENTS, ...OWN_EVENTS].map((event) => [event.type, event]));

/** The words for a type. What is not known here is shown as it is called. */
export function eventLabel(type: string): string {
  return (byType.get(type) ?? byType.get(type.replace('.', '_')))?.label ?? type;
}

/** "Everything", or what was chosen, in a line. */
export function eventsInWords(events: readonly string[], among: readonly EventInfo[]): string {
  if (events.length === 0) {
    return among.some(({ isOptIn }) => isOptIn) ? 'All events but the opt-in ones' : 'All events';
  }
  if (events.length <= 2) return events.map(eventLabel).join(', ');
  return `${events.length} of ${among.length} events`;
}
