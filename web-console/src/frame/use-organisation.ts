import { useParams } from '@tanstack/react-router';
import { Problem } from '../api/problem';
import { useSession } from '../api/session';
import type { Organisation } from '../api/types';

/** The organisation of the room that is open. */
export function useOrganisation(): Organisation {
  const { orgId } = useParams({ from: '/signed-in/organisations/$orgId' });
  const organisation = useSession().organisations.find(({ id }) => id === orgId);
  if (!organisation) {
    throw new Problem({ status: 404, code: 'not_found', title: 'There is no such organisation' });
  }
  return organisation;
}
