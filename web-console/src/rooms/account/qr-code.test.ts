import encodeQR from 'qr';
import { expect, test } from 'vitest';
import { drawn } from './qr-code';

test('the runs that are drawn are exactly the dark squares', () => {
  const text = 'otpauth://totp/Signalbox:ada%40example%2Ecom?secret=JBSWY3DPEHPK3PXP&issuer=Signalbox';
  const { path, size } = drawn(text);
  const painted = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let at = Number(x); at < Number(x) + Number(width); at += 1) painted[Number(y)]![at] = true;
  }
  expect(painted).toEqual(encodeQR(text, 'raw', { ecc: 'medium', border: 2 }).map((row) => row.map(Boolean)));
});
