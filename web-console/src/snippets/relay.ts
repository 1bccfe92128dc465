import { quote } from './quote';
import type { FilledIn, Snippet } from './values';

export function relaySnippets(values: FilledIn): Snippet[] {
  const { appId, key, token, channel, event, http, ws, missingToken } = values;
  const { js, shell } = quote;
  const item = { channel, event, data: JSON.stringify({ text: 'Hello' }) };
  return [
    {
      id: 'relay-websocket',
      dialect: 'relay',
      label: 'WebSocket',
      side: 'receive',
      language: 'javascript',
      install: null,
      missing: null,
      code: `const socket = new WebSocket(
  ${js(`${ws}/app/${key}`)},
);
const subscribe = {
  event: 'relay:subscribe',
  data: { channel: ${js(channel)} },
};

socket.onmessage = ({ data: text }) => {
  const { event, data } = JSON.parse(text);
  if (event === 'relay:connection_established') {
    socket.send(JSON.stringify(subscribe));
  }
  if (event === ${js(event)}) console.log('received', data);
};
`,
    },
    {
      id: 'curl-bearer',
      dialect: 'relay',
      label: 'curl',
      side: 'publish',
      language: 'bash',
      install: null,
      missing: missingToken,
      code: `curl -X POST ${shell(`${http}/apps/${appId}/events`)} \\
  -H ${shell(`Authorization: Bearer ${token}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify(item))}
`,
    },
    {
      id: 'curl-batch',
      dialect: 'relay',
      label: 'curl, batch',
      side: 'publish',
      language: 'bash',
      install: null,
      missing: missingToken,
      code: `curl -X POST ${shell(`${http}/apps/${appId}/events/batch`)} \\
  -H ${shell(`Authorization: Bearer ${token}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify({ batch: [item, { ...item, channel: `${channel}-too` }] }))}
`,
    },
  ];
}
