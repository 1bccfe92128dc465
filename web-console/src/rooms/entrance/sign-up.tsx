import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useRouter } from '@tanstack/react-router';
import { asProblem } from '../../api/problem';
import { useSignUp } from '../../api/session';
import { ErrorNotice } from '../../ui/errors';
import { emailProblem } from './email';
import { TextLink } from '../../ui/link';
import css from './entrance.module.css';
import { EntranceFrame } from './frame';
import { passwordProblem } from './password';
import { NewPasswordField } from './password-fields';

export default function SignUp() {
  const router = useRouter();
  const signUp = useSignUp();
  const form = useForm({
    initialValues: { email: '', password: '', organisation: '' },
    validate: {
      email: emailProblem,
      password: passwordProblem,
      organisation: (name) => (name.length > 100 ? 'At most 100 characters' : null),
    },
  });
  const submit = form.onSubmit(({ email, password, organisation }) =>
    signUp.mutate(
      { email: email.trim(), password, organisation: organisation.trim() || undefined },
      {
        onSuccess: ({ app }) =>
          void router.navigate({ to: '/apps/$appId', params: { appId: app.id }, replace: true }),
        onError: (error) => form.setErrors(asProblem(error).byField),
      },
    ),
  );
  return (
    <EntranceFrame title="Create your account" lede="An app with its credentials is ready on arrival.">
      <form onSubmit={submit} noValidate>
        <div className={css.fields}>
          <TextInput
            label="Email"
            type="email"
            autoComplete="email"
            size="md"
            autoFocus
            {...form.getInputProps('email')}
          />
          <NewPasswordField
            label="Password"
            size="md"
            typed={form.values.password}
            {...form.getInputProps('password')}
          />
          <TextInput
            label="Organisation (optional)"
            autoComplete="organization"
            placeholder="Your company or project"
            size="md"
            {...form.getInputProps('organisation')}
          />
          {signUp.error && asProblem(signUp.error).fields.length === 0 && (
            <ErrorNotice error={signUp.error} />
          )}
          <Button type="submit" size="md" loading={signUp.isPending} fullWidth>
            Create account
          </Button>
        </div>
      </form>
      <p className={css.other}>
        Have an account? <TextLink to="/login">Log in</TextLink>
      </p>
    </EntranceFrame>
  );
}
