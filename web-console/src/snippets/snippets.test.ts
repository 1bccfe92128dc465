import { describe, expect, test } from 'vitest';
import { quote } from './quote';
import { SECRET_PLACEHOLDER, snippets, TOKEN_PLACEHOLDER, type SnippetValues } from './snippets';

const values: SnippetValues = {
  gatewayUrl: 'http://127.0.0.1:6001',
  appId: '123456',
  key: 'abcdefghij2345678abc',
  secret: 'as_sbx_secret',
  token: 'sk_sbx_token',
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
    expect(snippet.code).toContain('127.0.0.1');
    expect(snippet.code).not.toContain('YOUR_');
    expect(snippet.missing).toBeNull();
  });
});

test.each([
  ['node', 'secret', SECRET_PLACEHOLDER],
  ['python', 'secret', SECRET_PLACEHOLDER],
  ['curl-signed', 'secret', SECRET_PLACEHOLDER],
  ['curl-bearer', 'token', TOKEN_PLACEHOLDER],
])('%s says that the %s is missing', (id, missing, placeholder) => {
  const snippet = code(id, { secret: null, token: null });
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
] as const)('%s quotes an imported secret', (language, value, quoted) => {
  expect(quote[language](value)).toBe(quoted);
});
