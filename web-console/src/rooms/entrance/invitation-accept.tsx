import { Button } from '@mantine/core';
import { MailWarning, UserRoundPlus, UserRoundX } from 'lucide-react';
import { useAcceptInvitation, useResendVerification } from '../../api/entrance';
import { asProblem } from '../../api/problem';
import { useLogOut } from '../../api/session';
import { ErrorNotice } from '../../ui/errors';
import { Notice } from '../../ui/page';

export function AcceptInvitation({
  token,
  invited,
  email,
  onJoined,
}: {
  token: string;
  /** The address it was sent to. */
  invited: string;
  /** The address of who is logged in. */
  email: string;
  onJoined: (orgId: string) => void;
}) {
  const accept = useAcceptInvitation();
  const resend = useResendVerification();
  const logOut = useLogOut();
  if (invited.toLowerCase() !== email.toLowerCase()) {
    return (
      <>
        <Notice
          tone="warn"
          icon={<UserRoundX size={17} aria-hidden />}
          title={`You are logged in as ${email}.`}
        >
          <p style={{ margin: 0 }}>
            The invitation is for {invited}. Log out, then open the link in the mail again.
          </p>
        </Notice>
        <Button size="md" variant="default" loading={logOut.isPending} onClick={() => logOut.mutate()}>
          Log out
        </Button>
      </>
    );
  }
  const problem = accept.error ? asProblem(accept.error) : null;
  return (
    <>
      {problem?.code === 'email_unverified' ? (
        <Notice
          tone="warn"
          role="alert"
          icon={<MailWarning size={17} aria-hidden />}
          title="Confirm your address first."
        >
          <p style={{ margin: '0 0 0.5rem' }}>
            {resend.isSuccess
              ? `A new link is on its way to ${email}. Open it, then accept here.`
              : `We sent a link to ${email} when you signed up. Open it, then accept here.`}
          </p>
          {resend.error && <ErrorNotice error={resend.error} />}
          <Button size="xs" variant="default" loading={resend.isPending} onClick={() => resend.mutate()}>
            Send it again
          </Button>
        </Notice>
      ) : (
        problem && <ErrorNotice error={problem} />
      )}
      <Button
        size="md"
        leftSection={<UserRoundPlus size={16} aria-hidden />}
        loading={accept.isPending}
        onClick={() => accept.mutate(token, { onSuccess: ({ id }) => onJoined(id) })}
      >
        Accept the invitation
      </Button>
    </>
  );
}
