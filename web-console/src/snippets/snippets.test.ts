import { describe, expect, test } from 'vitest';
import { quote } from './quote';
import {
  DIALECTS,
  PUBLISHABLE_PLACEHOLDER,
  SECRET_PLACEHOLDER,
  snippets,
  TOKEN_PLACEHOLDER,
  type SnippetValues,
} from './snippets';

const values: SnippetValues = {
  gatewayUrl: 'http://127.0.0.1:6001',
  appId: '123456',
  key: 'abcdefghij2345678abc',
  secret: 'as_sbx_secret',
  token: 'sk_sbx_token',
  signingToken: 'sk_sbx_signing',
  publishable: 'pk_sbx_open',
  openStreams: true,
  channel: 'my-channel',
  event: 'my-event',
};

const code = (id: string, over: Partial<SnippetValues> = {}) => {
  const snippet = snippets({ ...values, ...over }).find((candidate) => candidate.id === id);
  if (!snippet) throw new Error(`no snippet ${id}`);
  return snippet;
};

describe.each(snippets(values).map((snippet) => [snippet.id, snippet] as const))('%s', (_id, snippet) => {
  test('has the customer’s own values and no placeholder', () => {
    expect(snippet.code).toContain('my-channel');
    if (snippet.id !== 'anycable-signing') expect(snippet.code).toContain('127.0.0.1');
    expect(snippet.code).not.toContain('YOUR_');
    expect(snippet.missing).toBeNull();
  });
});

test.each([
  ['node', 'secret', SECRET_PLACEHOLDER],
  ['python', 'secret', SECRET_PLACEHOLDER],
  ['php', 'secret', SECRET_PLACEHOLDER],
  ['ruby', 'secret', SECRET_PLACEHOLDER],
  ['go', 'secret', SECRET_PLACEHOLDER],
  ['curl-signed', 'secret', SECRET_PLACEHOLDER],
  ['curl-bearer', 'token', TOKEN_PLACEHOLDER],
  ['curl-batch', 'token', TOKEN_PLACEHOLDER],
  ['anycable-curl', 'secret', SECRET_PLACEHOLDER],
  ['anycable-signing', 'secret', SECRET_PLACEHOLDER],
  ['metered-js', 'publishable', PUBLISHABLE_PLACEHOLDER],
  ['metered-curl', 'token', TOKEN_PLACEHOLDER],
  ['metered-token', 'signing-token', TOKEN_PLACEHOLDER],
])('%s says that the %s is missing', (id, missing, placeholder) => {
  const snippet = code(id, { secret: null, token: null, signingToken: null, publishable: null });
  expect(snippet.missing).toBe(missing);
  expect(snippet.code).toContain(placeholder);
});

test.each([
  ['http://127.0.0.1:6001', 'wsPort: 6001', 'forceTLS: false'],
  ['https://ws.example.com', 'wssPort: 443', 'forceTLS: true'],
])('%s becomes host, port and TLS', (gatewayUrl, port, tls) => {
  const snippet = code('pusher-js', { gatewayUrl });
  expect(snippet.code).toContain(port);
  expect(snippet.code).toContain(tls);
});

test.each([
  ['js', `a'b\\c`, `'a\\'b\\\\c'`],
  ['python', `a'b\\c`, `'a\\'b\\\\c'`],
  ['shell', `a'b\\c$d`, `'a'\\''b\\c$d'`],
  ['php', `a'b\\c$d`, `'a\\'b\\\\c$d'`],
  ['ruby', `a'b\\c#{d}`, `'a\\'b\\\\c#{d}'`],
  ['go', `a"b\\c`, `"a\\"b\\\\c"`],
] as const)('%s quotes an imported secret', (language, value, quoted) => {
  expect(quote[language](value)).toBe(quoted);
});

test.each(DIALECTS.map(({ id }) => id))('%s can be received and published', (dialect) => {
  const sides = snippets(values).filter((snippet) => snippet.dialect === dialect);
  expect(new Set(sides.map(({ side }) => side))).toEqual(new Set(['receive', 'publish']));
});

test.each([
  ['http://127.0.0.1:6001', 'relay-websocket', `'ws://127.0.0.1:6001/app/abcdefghij2345678abc'`],
  ['https://ws.example.com', 'relay-websocket', `'wss://ws.example.com/app/abcdefghij2345678abc'`],
  ['https://ws.example.com', 'anycable-web', `'wss://ws.example.com/apps/abcdefghij2345678abc/cable'`],
  [
    'https://ws.example.com',
    'anycable-curl',
    `'https://ws.example.com/apps/abcdefghij2345678abc/api/publish'`,
  ],
  // The SDK takes an origin and nothing else.
  ['https://ws.example.com/', 'metered-js', `'wss://ws.example.com',`],
])('%s becomes the address in %s', (gatewayUrl, id, address) => {
  expect(code(id, { gatewayUrl }).code).toContain(address);
});

test('a channel is one segment of a Metered path', () => {
  expect(code('metered-curl', { channel: 'rooms/1' }).code).toContain('/v1/channels/rooms%2F1/publish');
});

test.each([
  ['anycable-web', true, 'streamFrom('],
  ['anycable-web', false, 'streamFromSigned('],
  ['actioncable', true, "stream_name: 'rooms/1'"],
  ['actioncable', false, 'signed_stream_name: signedStream'],
  ['anycable-events', true, '/sse?stream=rooms%2F1'],
  ['anycable-events', false, 'signed_stream: signedStream'],
])('%s, streams open %s: %s', (id, openStreams, call) => {
  expect(code(id, { openStreams, channel: 'rooms/1' }).code).toContain(call);
});

test.each([
  ['http://127.0.0.1:6001', 'php', `'scheme' => 'http'`],
  ['https://ws.example.com', 'php', `'useTLS' => true`],
  ['https://ws.example.com', 'ruby', `scheme: 'https'`],
  ['https://ws.example.com', 'go', `"ws.example.com:443"`],
])('%s in %s: %s', (gatewayUrl, id, line) => {
  expect(code(id, { gatewayUrl }).code).toContain(line);
});
