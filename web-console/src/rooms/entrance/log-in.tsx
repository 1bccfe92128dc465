import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useRouter, useSearch } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { useState } from 'react';
import { asProblem } from '../../api/problem';
import { useLogIn } from '../../api/session';
import { safeNext } from '../../frame/safe-next';
import { ErrorNotice } from '../../ui/errors';
import { TextLink } from '../../ui/link';
import { Notice } from '../../ui/page';
import { emailProblem } from './email';
import css from './entrance.module.css';
import { EntranceFrame } from './frame';
import { SecondStep } from './second-step';

export default function LogIn() {
  const router = useRouter();
  const { next } = useSearch({ from: '/login' });
  const logIn = useLogIn();
  const [pending, setPending] = useState<string | null>(null);
  const enter = () => router.history.replace(safeNext(next));
  const form = useForm({
    initialValues: { email: '', password: '' },
    validate: {
      email: emailProblem,
      password: (password) => (password === '' ? 'Enter your password' : null),
    },
  });
  const submit = form.onSubmit(({ email, password }) =>
    logIn.mutate(
      { email: email.trim(), password },
      {
        onSuccess: (answered) => {
          if (!('second_factor' in answered)) return enter();
          form.setFieldValue('password', '');
          setPending(answered.pending_token);
        },
      },
    ),
  );
  if (pending) {
    return <SecondStep pending={pending} onEntered={enter} onStartOver={() => setPending(null)} />;
  }
  const refused = logIn.error !== null && asProblem(logIn.error).status === 401;
  return (
    <EntranceFrame title="Log in" lede={next ? 'Log in to go on where you were.' : 'Good to see you again.'}>
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
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            size="md"
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
            {...form.getInputProps('password')}
          />
          <p className={css.beside}>
            <TextLink to="/forgot-password">Forgot the password?</TextLink>
          </p>
          {refused ? (
            <Notice
              tone="bad"
              role="alert"
              icon={<CircleAlert size={17} aria-hidden />}
              title="The email address or the password is not right."
            />
          ) : (
            logIn.error && <ErrorNotice error={logIn.error} />
          )}
          <Button type="submit" size="md" loading={logIn.isPending} fullWidth>
            Log in
          </Button>
        </div>
      </form>
      <p className={css.other}>
        New here? <TextLink to="/signup">Create an account</TextLink>
      </p>
    </EntranceFrame>
  );
}
