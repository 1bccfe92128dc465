import { useInfiniteQuery } from '@tanstack/react-query';
import { keysQuery } from '../../api/keys';
import { publishableKeysQuery } from '../../api/publishable-keys';

/** What the app's keys are called, as far as they are known. */
export function useKeyNames(app: string): ReadonlyMap<string, string> {
  const secret = useInfiniteQuery(keysQuery(app));
  const publishable = useInfiniteQuery(publishableKeysQuery(app));
  return new Map([
    ...(secret.data?.pages ?? []).flatMap(({ items }) => items.map(({ id, name }) => [id, name] as const)),
    ...(publishable.data?.pages ?? []).flatMap(({ items }) =>
      items.map(({ key, name }) => [key, name] as const),
    ),
  ]);
}
