import { quote } from './quote';
import type { FilledIn, Snippet } from './values';

export function pusherSnippets(values: FilledIn): Snippet[] {
  const { appId, key, secret, channel, event, host, port, tls, missingSecret } = values;
  const { go, js, php, python, ruby, shell } = quote;
  const base = values.http;
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
      dialect: 'pusher',
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
      dialect: 'pusher',
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
      dialect: 'pusher',
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
      dialect: 'pusher',
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
      id: 'php',
      dialect: 'pusher',
      label: 'PHP',
      side: 'publish',
      language: 'php',
      install: 'composer require pusher/pusher-php-server',
      missing: missingSecret,
      code: `<?php

require 'vendor/autoload.php';

$pusher = new Pusher\\Pusher(
    ${php(key)},
    ${php(secret)},
    ${php(appId)},
    [
        'host' => ${php(host)},
        'port' => ${port},
        'scheme' => ${php(tls ? 'https' : 'http')},
        'useTLS' => ${tls},
    ],
);

$pusher->trigger(${php(channel)}, ${php(event)}, ['text' => 'Hello']);
`,
    },
    {
      id: 'ruby',
      dialect: 'pusher',
      label: 'Ruby',
      side: 'publish',
      language: 'ruby',
      install: 'gem install pusher',
      missing: missingSecret,
      code: `require 'pusher'

pusher = Pusher::Client.new(
  app_id: ${ruby(appId)},
  key: ${ruby(key)},
  secret: ${ruby(secret)},
  scheme: ${ruby(tls ? 'https' : 'http')},
  host: ${ruby(host)},
  port: ${port},
)

pusher.trigger(${ruby(channel)}, ${ruby(event)}, { text: 'Hello' })
`,
    },
    {
      id: 'go',
      dialect: 'pusher',
      label: 'Go',
      side: 'publish',
      language: 'go',
      install: 'go get github.com/pusher/pusher-http-go/v5',
      missing: missingSecret,
      code: `package main

import (
	"log"

	"github.com/pusher/pusher-http-go/v5"
)

func main() {
	client := pusher.Client{
		AppID:  ${go(appId)},
		Key:    ${go(key)},
		Secret: ${go(secret)},
		Host:   ${go(`${host}:${port}`)},
		Secure: ${tls},
	}

	data := map[string]string{"text": "Hello"}
	err := client.Trigger(${go(channel)}, ${go(event)}, data)
	if err != nil {
		log.Fatal(err)
	}
}
`,
    },
    {
      id: 'curl-signed',
      dialect: 'pusher',
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
