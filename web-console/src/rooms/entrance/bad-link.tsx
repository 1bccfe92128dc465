import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { asProblem } from '../../api/problem';
import { ErrorNotice } from '../../ui/errors';
import { Notice } from '../../ui/page';

/** A link works once and not for ever. Anything else that went wrong is told as it is. */
export function LinkRefusal({ error, children }: { error: unknown; children: ReactNode }) {
  const problem = asProblem(error);
  const isDead = problem.status === 410 || ['link_missing', 'invitation_spent'].includes(problem.code);
  if (!isDead) return <ErrorNotice error={error} />;
  return (
    <Notice
      tone="bad"
      role="alert"
      icon={<CircleAlert size={17} aria-hidden />}
      title="This link no longer works."
    >
      <p style={{ margin: 0 }}>{children}</p>
    </Notice>
  );
}
