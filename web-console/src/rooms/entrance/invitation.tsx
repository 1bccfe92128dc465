import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useInspectInvitation } from '../../api/entrance';
import { Problem } from '../../api/problem';
import { sessionQuery } from '../../api/session';
import { ButtonLink } from '../../ui/link';
import { LinkRefusal } from './bad-link';
import css from './entrance.module.css';
import { EntranceFrame } from './frame';
import { AcceptInvitation } from './invitation-accept';
import { SignUpInvited } from './invitation-sign-up';
import { heldInvitation, useLinkToken } from './link-token';

const MISSING = new Problem({ status: 0, code: 'link_missing', title: 'The link is not complete' });

/** An invitation to an organisation: taken by who is logged in, or with a new account for the invited address. */
export default function Invitation() {
  const router = useRouter();
  const fromLink = useLinkToken();
  const [token] = useState(() => fromLink ?? heldInvitation.get());
  const session = useQuery(sessionQuery);
  const inspect = useInspectInvitation();
  const begun = useRef(false);
  const { mutate } = inspect;
  useEffect(() => {
    if (!token || begun.current) return;
    begun.current = true;
    heldInvitation.hold(token);
    mutate(token);
  }, [token, mutate]);

  const invited = inspect.data;
  const error = token ? inspect.error : MISSING;
  const enter = (orgId: string) => {
    heldInvitation.drop();
    void router.navigate({ to: '/organisations/$orgId', params: { orgId }, replace: true });
  };
  return (
    <EntranceFrame
      title={invited ? `Join ${invited.organisation}` : 'You are invited'}
      lede={
        invited
          ? `You are invited as ${invited.role}, with the address ${invited.email}.`
          : 'To work with others on their apps.'
      }
    >
      <div className={css.lines}>
        {error ? (
          <LinkRefusal error={error}>
            The invitation was used or withdrawn, is more than a week old, or its link was not copied as a
            whole. Ask for another one.
          </LinkRefusal>
        ) : !token || !invited || session.isPending ? (
          <p role="status" style={{ display: 'flex', gap: '0.75rem', alignItems: 'center' }}>
            <Loader size="sm" aria-hidden /> Reading the invitation…
          </p>
        ) : session.data ? (
          <AcceptInvitation
            token={token}
            invited={invited.email}
            email={session.data.user.email}
            onJoined={enter}
          />
        ) : invited.has_account ? (
          <>
            <p>This address has an account already. Log in with it, and you can accept.</p>
            <ButtonLink to="/login" search={{ next: '/invitation' }} size="md">
              Log in
            </ButtonLink>
          </>
        ) : (
          <SignUpInvited token={token} email={invited.email} onJoined={enter} />
        )}
      </div>
    </EntranceFrame>
  );
}
