import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import { LiveFeed, type LiveSnapshot } from './feed';

const LiveContext = createContext<LiveFeed | null>(null);

/** Holds the app's one live socket while any of its rooms is open. */
export function LiveProvider({ appId, children }: { appId: string; children: ReactNode }) {
  const feed = useMemo(() => new LiveFeed(liveUrl(appId)), [appId]);
  useEffect(() => {
    feed.start();
    window.addEventListener('online', feed.retryNow);
    return () => {
      window.removeEventListener('online', feed.retryNow);
      feed.stop();
    };
  }, [feed]);
  return <LiveContext value={feed}>{children}</LiveContext>;
}

export function useLiveFeed(): LiveFeed {
  const feed = useContext(LiveContext);
  if (!feed) throw new Error('useLiveFeed needs a LiveProvider above it');
  return feed;
}

export function useLive(): LiveSnapshot {
  const feed = useLiveFeed();
  return useSyncExternalStore(feed.subscribe, feed.snapshot);
}

function liveUrl(appId: string): string {
  const url = new URL(`/v1/apps/${encodeURIComponent(appId)}/live`, window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
