import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, Mail } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useResendVerification, useVerifyEmail } from '../../api/entrance';
import { Problem } from '../../api/problem';
import { sessionQuery } from '../../api/session';
import { ErrorNotice } from '../../ui/errors';
import { ButtonLink } from '../../ui/link';
import { Notice } from '../../ui/page';
import { LinkRefusal } from './bad-link';
import css from './entrance.module.css';
import { EntranceFrame } from './frame';
import { useLinkToken } from './link-token';

const MISSING = new Problem({ status: 0, code: 'link_missing', title: 'The link is not complete' });

export default function VerifyEmail() {
  const token = useLinkToken();
  const verify = useVerifyEmail();
  const session = useQuery(sessionQuery);
  const begun = useRef(false);
  const { mutate } = verify;
  useEffect(() => {
    if (!token || begun.current) return;
    begun.current = true; // a link works once: never twice for one visit
    mutate(token);
  }, [token, mutate]);
  const error = token ? verify.error : MISSING;
  return (
    <EntranceFrame title="Confirm your address" lede="So that we know that mail for you reaches you.">
      <div className={css.lines}>
        {verify.isSuccess ? (
          <>
            <Notice
              tone="good"
              role="status"
              icon={<CircleCheck size={17} aria-hidden />}
              title={`${verify.data.email} is confirmed.`}
            />
            <ButtonLink to="/" size="md">
              {session.data ? 'Go to your apps' : 'Log in'}
            </ButtonLink>
          </>
        ) : error ? (
          <>
            <LinkRefusal error={error}>
              It was used already, is more than a day old, or was not copied as a whole.
            </LinkRefusal>
            {session.data && !session.data.user.email_verified ? (
              <ResendButton email={session.data.user.email} />
            ) : (
              <ButtonLink to="/" size="md" variant="default">
                {session.data ? 'Go to your apps' : 'Log in'}
              </ButtonLink>
            )}
          </>
        ) : (
          <p role="status" style={{ display: 'flex', gap: '0.75rem', alignItems: 'center' }}>
            <Loader size="sm" aria-hidden /> Confirming…
          </p>
        )}
      </div>
    </EntranceFrame>
  );
}

function ResendButton({ email }: { email: string }) {
  const resend = useResendVerification();
  return resend.isSuccess ? (
    <Notice tone="good" role="status" icon={<Mail size={17} aria-hidden />} title="A new link is on its way.">
      <p style={{ margin: 0 }}>To {email}.</p>
    </Notice>
  ) : (
    <>
      {resend.error && <ErrorNotice error={resend.error} />}
      <Button size="md" loading={resend.isPending} onClick={() => resend.mutate()}>
        Send a new link
      </Button>
    </>
  );
}
