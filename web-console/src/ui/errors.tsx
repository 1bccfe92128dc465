import { Button, Group } from '@mantine/core';
import { CircleAlert, RotateCw } from 'lucide-react';
import { adviceFor, asProblem } from '../api/problem';
import { CopyIcon } from './copy';
import { Notice } from './page';
import css from './ui.module.css';

/** What went wrong, what to do, and the request id to name when asking for help. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = asProblem(error);
  return (
    <Notice tone="bad" role="alert" icon={<CircleAlert size={17} aria-hidden />} title={problem.message}>
      <p className={css.noticeText}>{adviceFor(problem)}</p>
      {problem.requestId && (
        <span className={css.requestId}>
          Request id <code className={css.mono}>{problem.requestId}</code>
          <CopyIcon value={problem.requestId} label="request id" />
        </span>
      )}
      {onRetry && (
        <Group mt="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<RotateCw size={14} aria-hidden />}
            onClick={onRetry}
          >
            Try again
          </Button>
        </Group>
      )}
    </Notice>
  );
}
