import { quote } from './quote';
import type { FilledIn, Snippet } from './values';

export function anycableSnippets(values: FilledIn): Snippet[] {
  const { key, secret, channel, event, http, ws, openStreams, missingSecret } = values;
  const { js, shell } = quote;
  const cable = js(`${ws}/apps/${key}/cable`);
  const data = JSON.stringify({ event, data: { text: 'Hello' } });
  const message = JSON.stringify({ stream: channel, data });
  const open = `const cable = createCable(
  ${cable},
);

cable.streamFrom(${js(channel)})
  .on('message', (message) => console.log('received', message));
`;
  const signed = `// Your back end signs both: see “Node, signing”.
const cable = createCable(
  ${cable},
  { auth: { token } },
);

cable.streamFromSigned(signedStream) // of ${js(channel)}
  .on('message', (message) => console.log('received', message));
`;
  const railsOpen = `const consumer = createConsumer(
  ${cable},
);
const stream = { channel: '$pubsub', stream_name: ${js(channel)} };
`;
  const railsSigned = `// Your back end signs both: see “Node, signing”.
const consumer = createConsumer(
  ${js(`${ws}/apps/${key}/cable?jid=`)} + token,
);
const stream = {
  channel: '$pubsub',
  signed_stream_name: signedStream, // of ${js(channel)}
};
`;
  const events = `${http}/apps/${key}/sse`;
  const openEvents = `const events = new EventSource(
  ${js(`${events}?${new URLSearchParams({ stream: channel })}`)},
);
`;
  const signedEvents = `// Your back end signs both: see “Node, signing”.
const query = new URLSearchParams({
  signed_stream: signedStream, // of ${js(channel)}
  jid: token,
});
const events = new EventSource(${js(`${events}?`)} + query);
`;
  return [
    {
      id: 'anycable-web',
      dialect: 'anycable',
      label: '@anycable/web',
      side: 'receive',
      language: 'javascript',
      install: 'npm install @anycable/web @anycable/core',
      missing: null,
      code: `import { createCable } from '@anycable/web';

${openStreams ? open : signed}`,
    },
    {
      id: 'actioncable',
      dialect: 'anycable',
      label: '@rails/actioncable',
      side: 'receive',
      language: 'javascript',
      install: 'npm install @rails/actioncable',
      missing: null,
      code: `import { createConsumer } from '@rails/actioncable';

${openStreams ? railsOpen : railsSigned}
consumer.subscriptions.create(stream, {
  received: (message) => console.log('received', message),
});
`,
    },
    {
      id: 'anycable-events',
      dialect: 'anycable',
      label: 'EventSource',
      side: 'receive',
      language: 'javascript',
      install: null,
      missing: null,
      code: `${openStreams ? openEvents : signedEvents}
events.onmessage = ({ data }) => {
  console.log('received', JSON.parse(data));
};
`,
    },
    {
      id: 'anycable-curl',
      dialect: 'anycable',
      label: 'curl',
      side: 'publish',
      language: 'bash',
      install: null,
      missing: missingSecret,
      code: `SECRET=${shell(secret)}
TOKEN=$(printf api-cable |
  openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)

curl -i -X POST ${shell(`${http}/apps/${key}/api/publish`)} \\
  -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' \\
  -d ${shell(message)}
`,
    },
    {
      id: 'anycable-signing',
      dialect: 'anycable',
      label: 'Node, signing',
      side: 'publish',
      language: 'javascript',
      install: null,
      missing: missingSecret,
      code: `import { createHmac } from 'node:crypto';

const secret = ${js(secret)};
const hmac = (text) => createHmac('sha256', secret).update(text);
const encode = (value) => Buffer.from(JSON.stringify(value));

// What lets a client hear one stream:
const stream = encode(${js(channel)}).toString('base64');
const signedStream = stream + '--' + hmac(stream).digest('hex');

// What says who the client is, for an hour:
const claims = {
  ext: JSON.stringify({ user_id: 42 }),
  exp: Math.floor(Date.now() / 1000) + 3600,
};
const head = [{ alg: 'HS256', typ: 'JWT' }, claims]
  .map((part) => encode(part).toString('base64url'))
  .join('.');
const token = head + '.' + hmac(head).digest('base64url');
`,
    },
  ];
}
