import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisableSecondFactor } from '../../api/account';
import { asProblem } from '../../api/problem';
import { CodeInput } from '../../ui/code-input';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { codeProblem } from '../../ui/one-time-code';

export function DisableDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Turn off the second factor"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <DisableForm onClose={onClose} />
    </Modal>
  );
}

function DisableForm({ onClose }: { onClose: () => void }) {
  const disable = useDisableSecondFactor();
  const form = useForm({
    initialValues: { password: '', code: '' },
    validate: {
      password: (password) => (password === '' ? 'Enter your password' : null),
      code: codeProblem,
    },
  });
  const problem = disable.error ? asProblem(disable.error) : null;
  const wrong = {
    password: problem?.code === 'wrong_password' ? 'This is not your password' : undefined,
    code: problem?.code === 'wrong_code' ? 'Not right, or used already' : undefined,
  };
  const submit = form.onSubmit(({ password, code }) =>
    disable.mutate(
      { password, code: code.trim() },
      {
        onSuccess: () => {
          onClose();
          notify('The second factor is off.');
        },
      },
    ),
  );
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="var(--sb-text-2)">
          Then your password alone is enough to log in. The recovery codes stop working.
        </Text>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
          {...form.getInputProps('password')}
          error={form.errors['password'] ?? wrong.password}
        />
        <CodeInput
          label="Code, or a recovery code"
          inputMode="text"
          {...form.getInputProps('code')}
          error={form.errors['code'] ?? wrong.code}
        />
        {problem && !wrong.password && !wrong.code && <ErrorNotice error={problem} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={disable.isPending}>
            Turn it off
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
