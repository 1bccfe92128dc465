import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSyncExternalStore } from 'react';
import { useConfirmSession } from '../api/account';
import { confirmation } from '../api/confirmation';
import { asProblem } from '../api/problem';
import { useSession } from '../api/session';
import { ErrorNotice } from '../ui/errors';

/** Asks for the password when the API wants it for what somebody is about to do. */
export function ConfirmPassword() {
  const asked = useSyncExternalStore(confirmation.subscribe, confirmation.isAsked);
  return (
    <Modal
      opened={asked}
      onClose={() => confirmation.settle(false)}
      title="Confirm that it is you"
      size="sm"
      zIndex={400}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <ConfirmForm />
    </Modal>
  );
}

function ConfirmForm() {
  const { user } = useSession();
  const confirm = useConfirmSession();
  const form = useForm({
    initialValues: { password: '' },
    validate: { password: (password) => (password === '' ? 'Enter your password' : null) },
  });
  const problem = confirm.error ? asProblem(confirm.error) : null;
  const isWrong = problem?.code === 'wrong_password';
  const submit = form.onSubmit(({ password }) =>
    confirm.mutate(password, { onSuccess: () => confirmation.settle(true) }),
  );
  return (
    <form
      noValidate
      onSubmit={(event) => {
        // The dialog may stand within another form of the page: React passes the event on to it.
        event.stopPropagation();
        submit(event);
      }}
    >
      <Stack gap="md">
        <Text size="sm" c="var(--sb-text-2)">
          What you are about to do needs your password. You are not asked again for 15 minutes.
        </Text>
        <input type="hidden" name="username" autoComplete="username" value={user.email} readOnly />
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
          {...form.getInputProps('password')}
          error={form.errors['password'] ?? (isWrong ? 'This is not your password' : undefined)}
        />
        {problem && !isWrong && <ErrorNotice error={problem} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => confirmation.settle(false)}>
            Cancel
          </Button>
          <Button type="submit" loading={confirm.isPending}>
            Confirm
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
