import { Button } from '@mantine/core';
import { useLocation } from '@tanstack/react-router';
import { MailWarning } from 'lucide-react';
import { useResendVerification } from '../api/entrance';
import { useSession } from '../api/session';
import { ErrorNotice } from '../ui/errors';
import { Notice } from '../ui/page';
import css from './frame.module.css';

/** Until the address is confirmed, and only where that matters or on arrival. */
export function VerifyBanner() {
  const { user } = useSession();
  const resend = useResendVerification();
  const working = useLocation({ select: ({ pathname }) => /\/(live|channels)$/.test(pathname) });
  if (user.email_verified !== false || working) return null;
  return (
    <div className={css.banner}>
      <Notice
        tone="warn"
        role="status"
        icon={<MailWarning size={17} aria-hidden />}
        title="Confirm your email address"
      >
        <div className={css.bannerRow}>
          <span>
            {resend.isSuccess
              ? `A new link is on its way to ${user.email}.`
              : `We sent a link to ${user.email}. Inviting others, management tokens and changes of the plan wait for it.`}
          </span>
          {!resend.isSuccess && (
            <Button size="xs" variant="default" loading={resend.isPending} onClick={() => resend.mutate()}>
              Send it again
            </Button>
          )}
        </div>
        {resend.error && <ErrorNotice error={resend.error} />}
      </Notice>
    </div>
  );
}
