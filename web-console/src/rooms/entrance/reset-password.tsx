import { Button } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import { useResetPassword } from '../../api/entrance';
import { asProblem, Problem } from '../../api/problem';
import { sessionQuery } from '../../api/session';
import { ErrorNotice } from '../../ui/errors';
import { ButtonLink, TextLink } from '../../ui/link';
import { Notice } from '../../ui/page';
import { LinkRefusal } from './bad-link';
import css from './entrance.module.css';
import { EntranceFrame } from './frame';
import { useLinkToken } from './link-token';
import { passwordProblem } from './password';
import { NewPasswordField } from './password-fields';

const MISSING = new Problem({ status: 0, code: 'link_missing', title: 'The link is not complete' });

export default function ResetPassword() {
  const token = useLinkToken();
  const queries = useQueryClient();
  const reset = useResetPassword();
  const form = useForm({ initialValues: { password: '' }, validate: { password: passwordProblem } });
  const submit = form.onSubmit(({ password }) =>
    reset.mutate(
      { token: token ?? '', password },
      {
        // Every session has ended, also one that this browser may have had.
        onSuccess: () => queries.setQueryData(sessionQuery.queryKey, null),
        onError: (error) => form.setErrors(asProblem(error).byField),
      },
    ),
  );
  const problem = token ? (reset.error ? asProblem(reset.error) : null) : MISSING;
  const dead = problem && (problem.status === 410 || problem === MISSING);
  return (
    <EntranceFrame title="Set a new password" lede="It takes the place of the old one. Every session ends.">
      {reset.isSuccess ? (
        <div className={css.lines}>
          <Notice
            tone="good"
            role="status"
            icon={<CircleCheck size={17} aria-hidden />}
            title="Your password is changed."
          >
            <p>Wherever you were logged in, you are not any more.</p>
          </Notice>
          <ButtonLink to="/login" size="md">
            Log in
          </ButtonLink>
        </div>
      ) : dead ? (
        <div className={css.lines}>
          <LinkRefusal error={problem}>
            It was used already, is more than an hour old, or was not copied as a whole.
          </LinkRefusal>
          <ButtonLink to="/forgot-password" size="md">
            Ask for a new link
          </ButtonLink>
        </div>
      ) : (
        <form onSubmit={submit} noValidate>
          <div className={css.fields}>
            <NewPasswordField
              label="New password"
              typed={form.values.password}
              size="md"
              autoFocus
              {...form.getInputProps('password')}
            />
            {problem && problem.fields.length === 0 && <ErrorNotice error={problem} />}
            <Button type="submit" size="md" loading={reset.isPending} fullWidth>
              Set the password
            </Button>
          </div>
        </form>
      )}
      <p className={css.other}>
        <TextLink to="/login">Back to log in</TextLink>
      </p>
    </EntranceFrame>
  );
}
