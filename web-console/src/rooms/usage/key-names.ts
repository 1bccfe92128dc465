import { useInfiniteQuery } from '@tanstack/react-query';
import { credentialsQuery } from '../../api/apps';
import { keysQuery } from '../../api/keys';
import { publishableKeysQuery, successors } from '../../api/publishable-keys';

/** What the app's keys are called, as far as they are known. */
export function useKeyNames(app: string): ReadonlyMap<string, string> {
  const secret = useInfiniteQuery(keysQuery(app));
  const publishable = useInfiniteQuery(publishableKeysQuery(app));
  const pairs = useInfiniteQuery(credentialsQuery(app));
  const open = publishable.data?.pages.flatMap(({ items }) => items) ?? [];
  const successor = successors(open);
  return new Map([
    ...(pairs.data?.pages ?? []).flatMap(({ items }) =>
      items.map(({ key }) => [key, 'App credential'] as const),
    ),
    ...(secret.data?.pages ?? []).flatMap(({ items }) => items.map(({ id, name }) => [id, name] as const)),
    ...open.map(({ key, name }) => [key, successor.has(key) ? `${name}, previous key` : name] as const),
  ]);
}
