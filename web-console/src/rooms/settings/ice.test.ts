import { expect, test } from 'vitest';
import { iceServers, iceServersProblem, serverList } from './ice';

const row = (urls: string[], more = {}) => ({ urls, username: '', credential: '', ...more });

test.each([
  ['stun', row(['stun:stun.example.com']), null],
  ['turn over TLS', row(['turns:turn.example.com:443?transport=tcp']), null],
  ['no address', row([]), /Server 1 has no address/],
  ['a web page', row(['https://turn.example.com']), /no address/],
  ['a scheme alone', row(['turn:']), /no address/],
  ['a blank', row(['turn:a b']), /no address/],
  ['512 bytes', row([`turn:${'x'.repeat(507)}`]), null],
  ['one more', row([`turn:${'x'.repeat(508)}`]), /no address/],
  ['a long credential', row(['turn:a'], { credential: 'x'.repeat(1_025) }), /too long/],
] as const)('%s', (_name, server, problem) => {
  const found = iceServersProblem([server]);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toMatch(problem);
});

test('what is left empty is not sent', () => {
  expect(iceServers([row(['stun:a']), row(['turn:a'], { username: 'u', credential: 'c' })])).toEqual([
    { urls: ['stun:a'] },
    { urls: ['turn:a'], username: 'u', credential: 'c' },
  ]);
});

test.each([
  [[], 'none'],
  [[row(['stun:a'])], 'stun:a'],
  [
    [row(['turn:a', 'turn:b'], { username: 'u', credential: 'hush' }), row([])],
    'turn:a turn:b as u, no address',
  ],
])('a list of servers in a line never says a credential', (rows, said) => {
  expect(serverList(rows)).toBe(said);
});
