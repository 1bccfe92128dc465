import { useQueries, useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
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

/** The organisation of the room that is open, or of its app; otherwise the one that was open last. */
export function useCurrentOrganisation(): Organisation | undefined {
  const lists = useAllApps();
  const { appId, orgId } = useParams({ strict: false });
  const here = lists.find(
    ({ organisation, apps }) => organisation.id === orgId || apps.some((app) => app.id === appId),
  );
  const last = lists.find(({ organisation }) => organisation.id === lastOrganisation);
  // Kept in memory only: rooms that belong to no organisation go on showing the one the reader came from.
  useEffect(() => {
    if (here) lastOrganisation = here.organisation.id;
  }, [here]);
  return (here ?? last ?? lists[0])?.organisation;
}

let lastOrganisation: string | null = null;

/** The app of the room that is open. */
export function useApp(): App {
  const { appId } = useParams({ from: '/signed-in/apps/$appId' });
  return useSuspenseQuery(appQuery(appId)).data;
}
