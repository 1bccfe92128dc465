import { quote } from './quote';
import type { FilledIn, Snippet } from './values';

export function meteredSnippets(values: FilledIn): Snippet[] {
  const { publishable, token, signingToken, channel, event, http, ws } = values;
  const { js, shell } = quote;
  const path = `${http}/v1/channels/${encodeURIComponent(channel)}`;
  const data = { event, data: { text: 'Hello' } };
  const peer = { peerId: 'user-1', channels: [channel], expiresInSec: 3600 };
  return [
    {
      id: 'metered-js',
      dialect: 'metered',
      label: '@metered-ca/realtime',
      side: 'receive',
      language: 'javascript',
      install: 'npm install @metered-ca/realtime',
      missing: values.missingPublishable,
      code: `import { SignallingClient } from '@metered-ca/realtime';

const client = new SignallingClient({
  url: ${js(ws)},
  apiKey: ${js(publishable)},
});

client.on('message', ({ channel, data }) => console.log('received', channel, data));
await client.connect();
await client.subscribe(${js(channel)});
`,
    },
    {
      id: 'metered-curl',
      dialect: 'metered',
      label: 'curl',
      side: 'publish',
      language: 'bash',
      install: null,
      missing: values.missingToken,
      code: `curl -X POST ${shell(`${path}/publish`)} \\
  -H ${shell(`Authorization: Bearer ${token}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify({ data }))}
`,
    },
    {
      id: 'metered-token',
      dialect: 'metered',
      label: 'curl, peer token',
      side: 'publish',
      language: 'bash',
      install: null,
      missing: values.missingSigning,
      code: `# A token for one peer, to connect with in place of a publishable key:
# private and presence channels ask for one.
curl -X POST ${shell(`${http}/v1/tokens`)} \\
  -H ${shell(`Authorization: Bearer ${signingToken}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify(peer))}
`,
    },
  ];
}
