import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useChangeEmail, useChangePassword, useRenameUser } from '../../api/account';
import { asProblem } from '../../api/problem';
import { useSession } from '../../api/session';
import { emailProblem } from '../entrance/email';
import { passwordProblem } from '../entrance/password';
import { NewPasswordField } from '../entrance/password-fields';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { notify } from '../../ui/notify';
import { Notice, PageHeader, Panel, Tag } from '../../ui/page';
import { MailCheck } from 'lucide-react';
import { DeletePanel } from './delete';

const SHOW_HIDE = { 'aria-label': 'Show or hide the password' };

export default function Profile() {
  const { user } = useSession();
  return (
    <>
      <PageHeader title="Your account" lede="Who you are in every organisation that you belong to." />
      <div className={`${layout.stack} ${layout.narrow}`}>
        <NamePanel key={user.name} />
        <EmailPanel />
        <PasswordPanel />
        <DeletePanel email={user.email} />
      </div>
    </>
  );
}

function NamePanel() {
  const { user } = useSession();
  const rename = useRenameUser();
  const form = useForm({
    initialValues: { name: user.name ?? '' },
    validate: { name: (name) => (name.length > 100 ? 'At most 100 characters' : null) },
  });
  const submit = form.onSubmit(({ name }) =>
    rename.mutate(name.trim() || null, {
      onSuccess: () => notify('Your name is saved.'),
      onError: (error) => form.setErrors(asProblem(error).byField),
    }),
  );
  return (
    <Panel title="Name" help="What your colleagues see">
      <form onSubmit={submit} noValidate className={layout.inline} aria-label="Name">
        <TextInput label="Your name" autoComplete="name" {...form.getInputProps('name')} />
        <Button type="submit" variant="default" disabled={!form.isDirty()} loading={rename.isPending}>
          Save
        </Button>
      </form>
      {rename.error && <ErrorNotice error={rename.error} />}
    </Panel>
  );
}

/** A wrong password belongs to its field; everything else is told below. */
function passwordError(error: Error | null): string | undefined {
  return error && asProblem(error).code === 'wrong_password' ? 'This is not your password' : undefined;
}

function EmailPanel() {
  const { user } = useSession();
  const change = useChangeEmail();
  const form = useForm({
    initialValues: { email: '', password: '' },
    validate: {
      email: emailProblem,
      password: (password) => (password === '' ? 'Enter your password' : null),
    },
  });
  const submit = form.onSubmit(({ email, password }) =>
    change.mutate(
      { email: email.trim(), password },
      {
        onSuccess: () => form.setFieldValue('password', ''),
        onError: (error) => form.setErrors(asProblem(error).byField),
      },
    ),
  );
  const wrong = passwordError(change.error);
  return (
    <Panel
      title="Email address"
      help={
        <>
          {user.email}{' '}
          {user.email_verified ? <Tag tone="good">confirmed</Tag> : <Tag tone="warn">not confirmed yet</Tag>}
        </>
      }
    >
      <form onSubmit={submit} noValidate aria-label="Email address">
        <div className={layout.fields}>
          <TextInput label="New address" type="email" autoComplete="email" {...form.getInputProps('email')} />
          <PasswordInput
            label="Your password"
            autoComplete="current-password"
            visibilityToggleButtonProps={SHOW_HIDE}
            {...form.getInputProps('password')}
            error={form.errors['password'] ?? wrong}
          />
          {change.isSuccess && (
            <Notice
              tone="good"
              role="status"
              icon={<MailCheck size={17} aria-hidden />}
              title="Open the link that we sent to the new address."
            >
              <p style={{ margin: 0 }}>Until then you log in with {user.email}.</p>
            </Notice>
          )}
          {change.error && !wrong && asProblem(change.error).fields.length === 0 && (
            <ErrorNotice error={change.error} />
          )}
          <div>
            <Button type="submit" variant="default" loading={change.isPending}>
              Change the address
            </Button>
          </div>
        </div>
      </form>
    </Panel>
  );
}

function PasswordPanel() {
  const { user } = useSession();
  const change = useChangePassword();
  const form = useForm({
    initialValues: { current_password: '', new_password: '' },
    validate: {
      current_password: (password) => (password === '' ? 'Enter your present password' : null),
      new_password: passwordProblem,
    },
  });
  const submit = form.onSubmit((values) =>
    change.mutate(values, {
      onSuccess: () => {
        form.reset();
        notify('Your password is changed. Other sessions have ended.');
      },
      onError: (error) => form.setErrors(asProblem(error).byField),
    }),
  );
  const wrong = passwordError(change.error);
  return (
    <Panel title="Password" help="Changing it ends all your other sessions">
      <form onSubmit={submit} noValidate aria-label="Password">
        <div className={layout.fields}>
          <input type="hidden" name="username" autoComplete="username" value={user.email} readOnly />
          <PasswordInput
            label="Present password"
            autoComplete="current-password"
            visibilityToggleButtonProps={SHOW_HIDE}
            {...form.getInputProps('current_password')}
            error={form.errors['current_password'] ?? wrong}
          />
          <NewPasswordField
            label="New password"
            typed={form.values.new_password}
            {...form.getInputProps('new_password')}
          />
          {change.error && !wrong && asProblem(change.error).fields.length === 0 && (
            <ErrorNotice error={change.error} />
          )}
          <div>
            <Button type="submit" variant="default" loading={change.isPending}>
              Change the password
            </Button>
          </div>
        </div>
      </form>
    </Panel>
  );
}
