import { prettyJson } from '../ui/code';

export type Heard = { dialect: string; call: string; value: string };

/**
 * What an event that is published here arrives as, in each dialect. An event has a name and a text; where a dialect
 * knows values only, both are in the value.
 */
export function heardAs({ name, data }: { channel: string; name: string; data: string }): Heard[] {
  const value = JSON.stringify({ event: name, data }, null, 2);
  const parsed = prettyJson(data);
  return [
    { dialect: 'Pusher', call: `.bind('${name}', (data) => …)`, value: parsed.code },
    { dialect: 'Relay', call: `{ event: '${name}', data }`, value: JSON.stringify(data) },
    { dialect: 'AnyCable', call: `.on('message', (message) => …)`, value },
    { dialect: 'Metered', call: `.on('message', ({ data }) => …)`, value },
  ];
}
