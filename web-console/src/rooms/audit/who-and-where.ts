import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { appsQuery } from '../../api/apps';
import { membersQuery, tokensQuery, useMay } from '../../api/team';
import type { People } from './sentence';

type Choice = { value: string; label: string };

/** Whose deeds and which apps one can ask for, and what people are called. */
export function useWhoAndWhere(org: string): {
  names: People;
  people: { group: string; items: Choice[] }[];
  apps: Choice[];
} {
  const may = useMay(org);
  const members = useInfiniteQuery({ ...membersQuery(org), enabled: may('team.read') });
  const tokens = useInfiniteQuery({ ...tokensQuery(org), enabled: may('tokens.read') });
  const apps = useQuery(appsQuery(org));
  const team = members.data?.pages.flatMap(({ items }) => items) ?? [];
  const scripts = tokens.data?.pages.flatMap(({ items }) => items) ?? [];
  return {
    names: new Map(team.map(({ user_id, email }) => [user_id, email])),
    people: [
      { group: 'Team', items: team.map(({ user_id, email }) => ({ value: user_id, label: email })) },
      { group: 'Tokens', items: scripts.map(({ id, name }) => ({ value: id, label: `${name} (${id})` })) },
    ].filter(({ items }) => items.length > 0),
    apps: (apps.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
  };
}
