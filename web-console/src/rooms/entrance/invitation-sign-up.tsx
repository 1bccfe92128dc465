import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSignUpInvited } from '../../api/entrance';
import { asProblem } from '../../api/problem';
import { ErrorNotice } from '../../ui/errors';
import css from './entrance.module.css';
import { passwordProblem } from './password';
import { NewPasswordField } from './password-fields';

/** The link has proved the address, so that a password is all that an account needs. */
export function SignUpInvited({
  token,
  email,
  onJoined,
}: {
  token: string;
  email: string;
  onJoined: (orgId: string) => void;
}) {
  const signUp = useSignUpInvited();
  const form = useForm({
    initialValues: { name: '', password: '' },
    validate: {
      name: (name) => (name.length > 100 ? 'At most 100 characters' : null),
      password: passwordProblem,
    },
  });
  const submit = form.onSubmit(({ name, password }) =>
    signUp.mutate(
      { token, password, name: name.trim() || undefined },
      {
        onSuccess: ({ organisation }) => onJoined(organisation.id),
        onError: (error) => form.setErrors(asProblem(error).byField),
      },
    ),
  );
  return (
    <form onSubmit={submit} noValidate>
      <div className={css.fields}>
        <TextInput label="Email" size="md" value={email} readOnly autoComplete="username" />
        <TextInput
          label="Your name (optional)"
          autoComplete="name"
          size="md"
          {...form.getInputProps('name')}
        />
        <NewPasswordField
          label="Password"
          size="md"
          typed={form.values.password}
          autoFocus
          {...form.getInputProps('password')}
        />
        {signUp.error && asProblem(signUp.error).fields.length === 0 && <ErrorNotice error={signUp.error} />}
        <Button type="submit" size="md" loading={signUp.isPending} fullWidth>
          Create the account and join
        </Button>
      </div>
    </form>
  );
}
