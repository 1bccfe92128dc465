import type { Form } from '../api/webhooks-types';
import type { Language } from '../ui/highlight';
import { quote } from './quote';
import { SECRET_PLACEHOLDER } from './values';

export const ENDPOINT_SECRET_PLACEHOLDER = 'whsec_YOUR_ENDPOINT_SECRET';

export type VerifyValues = {
  appId: string;
  appKey: string;
  /** Known only right after it was made. */
  appSecret: string | null;
  endpointSecret: string | null;
};

export type VerifySnippet = {
  id: string;
  label: string;
  language: Language;
  install: string | null;
  code: string;
};

/** Servers that take an endpoint's requests and believe only those that are ours. They run as they stand. */
export function verifySnippets(form: Form, values: VerifyValues): VerifySnippet[] {
  const filled = {
    ...values,
    appSecret: values.appSecret ?? SECRET_PLACEHOLDER,
    endpointSecret: values.endpointSecret ?? ENDPOINT_SECRET_PLACEHOLDER,
  };
  return { pusher, standard, relay }[form](filled);
}

type Filled = { [name in keyof VerifyValues]: string };

const { js, python } = quote;
const NODE_END = `createServer(async (request, response) => {
  const known = check(request.headers, await text(request));
  response.writeHead(known ? 204 : 401).end();
}).listen(process.env.PORT ?? 3000);
`;
const PYTHON_END = `
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers['Content-Length'])
        known = check(self.headers, self.rfile.read(length).decode())
        self.send_response(204 if known else 401)
        self.end_headers()


HTTPServer(('', int(os.environ.get('PORT', '3000'))), Handler).serve_forever()
`;

function pusher({ appId, appKey, appSecret }: Filled): VerifySnippet[] {
  return [
    {
      id: 'verify-pusher-node',
      label: 'Node',
      language: 'javascript',
      install: 'npm install pusher',
      code: `import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import Pusher from 'pusher';

const pusher = new Pusher({
  appId: ${js(appId)},
  key: ${js(appKey)},
  secret: ${js(appSecret)},
});

function check(headers, rawBody) {
  const webhook = pusher.webhook({ headers, rawBody });
  if (!webhook.isValid()) return false;
  for (const { name, channel } of webhook.getEvents()) {
    console.log(name, channel);
  }
  return true;
}

${NODE_END}`,
    },
    {
      id: 'verify-pusher-python',
      label: 'Python',
      language: 'python',
      install: 'pip install pusher',
      code: `import os
from http.server import BaseHTTPRequestHandler, HTTPServer

import pusher

client = pusher.Pusher(
    app_id=${python(appId)},
    key=${python(appKey)},
    secret=${python(appSecret)},
)


def check(headers, body):
    webhook = client.validate_webhook(
        key=headers.get('X-Pusher-Key', ''),
        signature=headers.get('X-Pusher-Signature', ''),
        body=body,
    )
    if webhook is None:
        return False
    for event in webhook['events']:
        print(event['name'], event['channel'], flush=True)
    return True

${PYTHON_END}`,
    },
  ];
}

function standard({ endpointSecret }: Filled): VerifySnippet[] {
  return [
    {
      id: 'verify-standard-node',
      label: 'Node',
      language: 'javascript',
      install: 'npm install standardwebhooks',
      code: `import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(${js(endpointSecret)});

function check(headers, body) {
  try {
    const { type, data } = webhook.verify(body, headers);
    console.log(type, data);
    return true;
  } catch {
    return false;
  }
}

${NODE_END}`,
    },
    {
      id: 'verify-standard-python',
      label: 'Python',
      language: 'python',
      install: 'pip install standardwebhooks',
      code: `import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(${python(endpointSecret)})


def check(headers, body):
    try:
        event = webhook.verify(body, dict(headers))
    except WebhookVerificationError:
        return False
    print(event['type'], event['data'], flush=True)
    return True

${PYTHON_END}`,
    },
  ];
}

function relay({ appSecret }: Filled): VerifySnippet[] {
  return [
    {
      id: 'verify-relay-node',
      label: 'Node',
      language: 'javascript',
      install: null,
      code: `import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const secret = ${js(appSecret)};

function check(headers, body) {
  const given = Buffer.from(headers['x-relay-signature'] ?? '');
  const wanted = Buffer.from(
    createHmac('sha256', secret).update(body).digest('hex'),
  );
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    return false;
  }
  const { event, channel } = JSON.parse(body);
  console.log(event, channel);
  return true;
}

${NODE_END}`,
    },
    {
      id: 'verify-relay-python',
      label: 'Python',
      language: 'python',
      install: null,
      code: `import hashlib
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

secret = ${python(appSecret)}


def check(headers, body):
    wanted = hmac.new(secret.encode(), body.encode(), hashlib.sha256)
    given = headers.get('X-Relay-Signature', '')
    if not hmac.compare_digest(given, wanted.hexdigest()):
        return False
    event = json.loads(body)
    print(event['event'], event['channel'], flush=True)
    return True

${PYTHON_END}`,
    },
  ];
}
