import { Button, Group, Skeleton, Stack } from '@mantine/core';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { Problem } from '../api/problem';
import { ErrorNotice } from '../ui/errors';
import { ButtonLink } from '../ui/link';
import { EmptyState, PageHeader } from '../ui/page';
import css from './frame.module.css';

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  const missing = error instanceof Problem && error.status === 404;
  return (
    <div className={css.fallback}>
      <PageHeader title={missing ? 'Not found' : 'This room did not open'} />
      <ErrorNotice error={error} onRetry={missing ? undefined : retry} />
      <Group mt="md">
        <Button variant="default" onClick={() => window.location.assign('/')}>
          Go to your apps
        </Button>
      </Group>
    </div>
  );
}

export function NotFound() {
  return (
    <div className={css.fallback}>
      <PageHeader title="Not found" />
      <EmptyState
        icon={<Compass size={20} />}
        title="There is no such page"
        action={<ButtonLink to="/">Go to your apps</ButtonLink>}
      >
        The address may be mistyped, or the page has moved.
      </EmptyState>
    </div>
  );
}

/** The shape of a room, so that nothing moves when it arrives. */
export function RoutePending() {
  return (
    <Stack gap="lg" className={css.pending} aria-busy aria-label="Loading" role="status">
      <div>
        <Skeleton h={30} w={190} mb={8} />
        <Skeleton h={16} w="min(26rem, 80%)" />
      </div>
      <Skeleton h={190} radius="md" />
      <Skeleton h={260} radius="md" />
    </Stack>
  );
}

/** The frame without what is in it, until it is known who looks. */
export function FramePending() {
  return (
    <div className={css.shell}>
      <div className={css.sidebar} />
      <div className={css.topbar} data-pending />
      <main className={css.main}>
        <RoutePending />
      </main>
    </div>
  );
}
