import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { MailCheck } from 'lucide-react';
import { useAskForReset } from '../../api/entrance';
import { asProblem } from '../../api/problem';
import { ErrorNotice } from '../../ui/errors';
import { TextLink } from '../../ui/link';
import { Notice } from '../../ui/page';
import { emailProblem } from './email';
import css from './entrance.module.css';
import { EntranceFrame } from './frame';

export default function ForgotPassword() {
  const ask = useAskForReset();
  const form = useForm({ initialValues: { email: '' }, validate: { email: emailProblem } });
  const submit = form.onSubmit(({ email }) =>
    ask.mutate(email.trim(), { onError: (error) => form.setErrors(asProblem(error).byField) }),
  );
  return (
    <EntranceFrame title="Set a new password" lede="We send you a link for it. It works once, for an hour.">
      {ask.isSuccess ? (
        <div className={css.lines}>
          <Notice
            tone="good"
            role="status"
            icon={<MailCheck size={17} aria-hidden />}
            title="Look into your mail."
          >
            <p>If {form.values.email.trim()} has an account, a link is on its way there.</p>
          </Notice>
          <p>Nothing there after a few minutes? Look among the unwanted mail, or send it again.</p>
          <Button variant="default" onClick={() => ask.reset()}>
            Send it again
          </Button>
        </div>
      ) : (
        <form onSubmit={submit} noValidate>
          <div className={css.fields}>
            <TextInput
              label="Email"
              type="email"
              autoComplete="username"
              size="md"
              autoFocus
              {...form.getInputProps('email')}
            />
            {ask.error && asProblem(ask.error).fields.length === 0 && <ErrorNotice error={ask.error} />}
            <Button type="submit" size="md" loading={ask.isPending} fullWidth>
              Send the link
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
