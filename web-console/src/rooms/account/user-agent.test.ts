import { expect, test } from 'vitest';
import { describeAgent } from './user-agent';

const mozilla = (rest: string) => `Mozilla/5.0 ${rest}`;

test.each([
  [mozilla('(X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0'), 'Firefox 139 on Linux'],
  [
    mozilla('(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36'),
    'Chrome 140 on Windows',
  ],
  [
    mozilla('(Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0'),
    'Edge 140 on Windows',
  ],
  [
    mozilla('(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18.4 Safari/605'),
    'Safari 18 on macOS',
  ],
  [mozilla('(iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit CriOS/139.0 Mobile'), 'Chrome 139 on iOS'],
  ['curl/8.5.0', 'curl/8.5.0'],
  [null, 'Unknown browser'],
])('%s reads as %s', (agent, words) => {
  expect(describeAgent(agent)).toBe(words);
});
