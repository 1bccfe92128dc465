import { useEffect, useState } from 'react';
import type { Problem } from '../../api/problem';
import { useLiveFeed } from '../../live/live-context';
import { listenToWebhooks } from '../../live/webhook-stream';

/** Webhook events among the live ones, while they are switched on. */
export function useWebhookEvents(app: string) {
  const feed = useLiveFeed();
  const [on, setOn] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  useEffect(() => {
    if (!on) return;
    return listenToWebhooks(app, feed.tell, (problem) => {
      setRefused(problem);
      setOn(false);
    });
  }, [app, feed, on]);
  return {
    on,
    refused,
    switchTo: (on: boolean) => {
      setRefused(null);
      setOn(on);
    },
  };
}
