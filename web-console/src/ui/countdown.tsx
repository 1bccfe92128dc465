import { useEffect, useState } from 'react';
import { timeLeft } from './time';

/** How long it is until then, counted down by the second; `done` once it is over. */
export function Countdown({ iso, done }: { iso: string; done: string }) {
  const [nowMs, setNowMs] = useState(() => Date.now());
  const isOver = Date.parse(iso) <= nowMs;
  useEffect(() => {
    if (isOver) return;
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isOver]);
  if (isOver) return <>{done}</>;
  return (
    <time
      dateTime={iso}
      title={new Date(iso).toLocaleString()}
      style={{ fontVariantNumeric: 'tabular-nums' }}
    >
      in {timeLeft(iso, nowMs)}
    </time>
  );
}
