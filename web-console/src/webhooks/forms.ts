import type { Form } from '../api/webhooks-types';

export const FORMS: readonly { value: Form; label: string; help: string }[] = [
  {
    value: 'pusher',
    label: 'Pusher',
    help: 'Batches of events, signed with your app secret: what the Pusher SDKs verify and Laravel expects.',
  },
  {
    value: 'standard',
    label: 'Standard Webhooks',
    help: 'One event per request, signed with a secret of its own that rotates without a gap.',
  },
  {
    value: 'relay',
    label: 'Relay',
    help: 'One event per request as flat JSON, with an HMAC of the body made with your app secret.',
  },
];

export const formLabel = (form: Form): string => FORMS.find(({ value }) => value === form)?.label ?? form;
