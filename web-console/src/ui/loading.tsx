import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { ErrorNotice } from './errors';
import css from './layout.module.css';

/** Lines in the place of rows that are on their way. */
export function LoadingRows({ label }: { label: string }) {
  return (
    <div className={css.pad} role="status" aria-label={`Loading ${label}`}>
      {[82, 64, 73].map((width, index) => (
        <Skeleton key={width} h={18} w={`${width}%`} mt={index === 0 ? 4 : 22} />
      ))}
    </div>
  );
}

/** The four ways a list can stand: on its way, refused, empty, there. */
export function Loaded<T>({
  query,
  label,
  empty,
  children,
}: {
  query: { isPending: boolean; error: Error | null; refetch: () => unknown; data: T | undefined };
  label: string;
  /** Shown in place of the children when there is nothing; false when there is something. */
  empty?: (data: T) => ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{empty?.(query.data) || children(query.data)}</>;
  if (query.isPending) return <LoadingRows label={label} />;
  return (
    <div className={css.pad}>
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
    </div>
  );
}
