import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { subscriptionQuery } from '../../api/billing';
import { invitationsQuery, membersQuery } from '../../api/team';

/** How many of the plan's seats are taken; an open invitation holds one. In words, once it is known. */
export function useSeats(org: string): string | undefined {
  const lists = [useInfiniteQuery(membersQuery(org)), useInfiniteQuery(invitationsQuery(org))];
  const subscription = useQuery(subscriptionQuery(org));
  if (!subscription.data || lists.some((list) => !list.data || list.hasNextPage)) return undefined;
  const pages = lists.flatMap((list): { items: unknown[] }[] => list.data?.pages ?? []);
  const taken = pages.reduce((sum, { items }) => sum + items.length, 0);
  return `${taken} of ${subscription.data.limits.max_seats} seats are taken; an open invitation holds one`;
}
