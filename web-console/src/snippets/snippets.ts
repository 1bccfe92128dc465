import type { Language } from '../ui/highlight';
import { quote } from './quote';

export type SnippetValues = {
  gatewayUrl: string;
  appId: string;
  key: string;
  /** Known only right after it was made. */
  secret: string | null;
  /** A scoped key's token; known only right after it was made. */
  token: string | null;
  channel: string;
  event: string;
};

export type Snippet = {
  id: string;
  label: string;
  side: 'receive' | 'publish';
  language: Language;
  /** What must be there first, as a command, where something must. */
  install: string | null;
  /** A value that has to be put in by hand, because it is shown only once. */
  missing: 'secret' | 'token' | null;
  code: string;
};

export const SECRET_PLACEHOLDER = 'YOUR_APP_SECRET';
export const TOKEN_PLACEHOLDER = 'YOUR_SECRET_KEY';

export function snippets(values: SnippetValues): Snippet[] {
  const gateway = new URL(values.gatewayUrl);
  const tls = gateway.protocol === 'https:';
  const port = gateway.port || (tls ? '443' : '80');
  const base = gateway.origin;
  const host = gateway.hostname;
  const secret = values.secret ?? SECRET_PLACEHOLDER;
  const token = values.token ?? TOKEN_PLACEHOLDER;
  const { js, python, shell } = quote;
  const { appId, key, channel, event } = values;
  const missingSecret = values.secret === null ? 'secret' : null;
  const missingToken = values.token === null ? 'token' : null;

  const body = JSON.stringify({ name: event, channel, data: JSON.stringify({ text: 'Hello' }) });

  const connection = [
    `  cluster: 'any', // the SDK asks for one; it has no meaning here`,
    `  wsHost: ${js(host)},`,
    `  wsPort: ${port},`,
    `  wssPort: ${port},`,
    `  forceTLS: ${tls},`,
    `  enabledTransports: ['ws', 'wss'],`,
  ].join('\n');

  return [
    {
      id: 'pusher-js',
      label: 'pusher-js',
      side: 'receive',
      language: 'javascript',
      install: 'npm install pusher-js',
      missing: null,
      code: `import Pusher from 'pusher-js';

const pusher = new Pusher(${js(key)}, {
${connection}
});

pusher.subscribe(${js(channel)}).bind(${js(event)}, (data) => {
  console.log('received', data);
});
`,
    },
    {
      id: 'laravel-echo',
      label: 'Laravel Echo',
      side: 'receive',
      language: 'javascript',
      install: 'npm install laravel-echo pusher-js',
      missing: null,
      code: `import Echo from 'laravel-echo';
import Pusher from 'pusher-js';

const echo = new Echo({
  broadcaster: 'pusher',
  Pusher,
  key: ${js(key)},
${connection}
});

echo.channel(${js(channel)}).listen(${js(`.${event}`)}, (data) => {
  console.log('received', data);
});
`,
    },
    {
      id: 'node',
      label: 'Node',
      side: 'publish',
      language: 'javascript',
      install: 'npm install pusher',
      missing: missingSecret,
      code: `import Pusher from 'pusher';

const pusher = new Pusher({
  appId: ${js(appId)},
  key: ${js(key)},
  secret: ${js(secret)},
  host: ${js(host)},
  port: '${port}',
  useTLS: ${tls},
});

await pusher.trigger(${js(channel)}, ${js(event)}, { text: 'Hello' });
`,
    },
    {
      id: 'python',
      label: 'Python',
      side: 'publish',
      language: 'python',
      install: 'pip install pusher',
      missing: missingSecret,
      code: `import pusher

client = pusher.Pusher(
    app_id=${python(appId)},
    key=${python(key)},
    secret=${python(secret)},
    host=${python(host)},
    port=${port},
    ssl=${tls ? 'True' : 'False'},
)

client.trigger(${python(channel)}, ${python(event)}, {'text': 'Hello'})
`,
    },
    {
      id: 'curl-bearer',
      label: 'curl',
      side: 'publish',
      language: 'bash',
      install: null,
      missing: missingToken,
      code: `curl -X POST ${shell(`${base}/apps/${appId}/events`)} \\
  -H ${shell(`Authorization: Bearer ${token}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shell(body)}
`,
    },
    {
      id: 'curl-signed',
      label: 'curl, signed',
      side: 'publish',
      language: 'bash',
      install: null,
      missing: missingSecret,
      code: `KEY=${shell(key)}
SECRET=${shell(secret)}
BODY=${shell(body)}

MD5=$(printf %s "$BODY" | openssl md5 -r | cut -d' ' -f1)
QUERY="auth_key=$KEY&auth_timestamp=$(date +%s)&auth_version=1.0&body_md5=$MD5"
SIGNATURE=$(printf 'POST\\n/apps/${appId}/events\\n%s' "$QUERY" |
  openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)

curl -X POST "${base}/apps/${appId}/events?$QUERY&auth_signature=$SIGNATURE" \\
  -H 'Content-Type: application/json' \\
  -d "$BODY"
`,
    },
  ];
}
