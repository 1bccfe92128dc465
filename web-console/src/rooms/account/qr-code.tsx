import encodeQR from 'qr';
import { useMemo } from 'react';
import css from './account.module.css';

/** Light squares are left out; the dark ones of a row are one run each. Dark on white in either colour scheme. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, size } = useMemo(() => drawn(text), [text]);
  return (
    <svg
      className={css.qr}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={path} fill="#12151c" />
    </svg>
  );
}

export function drawn(text: string): { path: string; size: number } {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 2 });
  const runs = rows.flatMap((row, y) => {
    const found: string[] = [];
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      const begin = x;
      while (row[x + 1]) x += 1;
      found.push(`M${begin} ${y}h${x - begin + 1}v1h-${x - begin + 1}z`);
    }
    return found;
  });
  return { path: runs.join(''), size: rows.length };
}
