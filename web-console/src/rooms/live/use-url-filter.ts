import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { LIVE_DIALECTS } from '../../live/event';
import type { LiveFilter } from '../../live/filter';

/** The filter lives in the address, so that a view can be shared and survives a reload. */
export function useUrlFilter(): [LiveFilter, (filter: LiveFilter) => void] {
  const search = useSearch({ from: '/signed-in/apps/$appId/live' });
  const navigate = useNavigate({ from: '/apps/$appId/live' });
  const [filter, setState] = useState<LiveFilter>({
    kinds: search.kinds ?? [],
    channel: search.channel ?? '',
    event: search.event ?? '',
    socket: search.socket ?? '',
    dialect: search.dialect ?? '',
    search: search.q ?? '',
  });
  const setFilter = (next: LiveFilter) => {
    setState(next);
    void navigate({
      replace: true,
      search: (old) => ({
        ...old,
        kinds: next.kinds.length > 0 ? [...next.kinds] : undefined,
        channel: next.channel || undefined,
        event: next.event || undefined,
        socket: next.socket || undefined,
        dialect: LIVE_DIALECTS.find((dialect) => dialect === next.dialect),
        q: next.search || undefined,
      }),
    });
  };
  return [filter, setFilter];
}
