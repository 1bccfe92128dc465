import { queryOptions, useMutation } from '@tanstack/react-query';
import { answer, api } from './client';

export const channelsQuery = (app: string) =>
  queryOptions({
    queryKey: ['apps', app, 'channels'],
    staleTime: 2_000,
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/apps/{app}/channels', { params: { path: { app } }, signal })),
  });

/** Publishes through the gateway's real HTTP API; the control plane signs with the app's secret. */
export function usePublish(app: string) {
  return useMutation({
    mutationFn: (body: { channel: string; name: string; data: string }) =>
      answer(api.POST('/v1/apps/{app}/publish', { params: { path: { app } }, body })),
  });
}
