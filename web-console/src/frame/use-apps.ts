import { useQueries, useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { appQuery, appsQuery } from '../api/apps';
import { useSession } from '../api/session';
import type { App, Organisation } from '../api/types';

/** Every organisation of the person with its apps, as far as they are known yet. */
export function useAllApps(): { organisation: Organisation; apps: App[]; pending: boolean }[] {
  const { organisations } = useSession();
  return useQueries({
    queries: organisations.map((organisation) => appsQuery(organisation.id)),
    combine: (lists) =>
      lists.map((list, index) => ({
        organisation: organisations[index] as Organisation,
        apps: list.data ?? [],
        pending: list.isPending,
      })),
  });
}

/** The app of the room that is open. */
export function useApp(): App {
  const { appId } = useParams({ from: '/signed-in/apps/$appId' });
  return useSuspenseQuery(appQuery(appId)).data;
}
