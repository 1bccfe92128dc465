import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useMintCredential } from '../../api/apps';
import { asProblem } from '../../api/problem';
import { uuid } from '../../api/random';
import type { App } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';

/** A pair that clients and back ends hold already, from another service or another app. */
export function ImportPairDialog({
  app,
  opened,
  onClose,
}: {
  app: App;
  opened: boolean;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Bring a pair along"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <ImportForm app={app} onClose={onClose} />
    </Modal>
  );
}

function ImportForm({ app, onClose }: { app: App; onClose: () => void }) {
  const mint = useMintCredential(app.id);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const form = useForm({
    initialValues: { key: '', secret: '' },
    onValuesChange: () => setIdempotencyKey(uuid()),
    validate: {
      key: (key) => (key.trim() === '' ? 'Enter the key' : null),
      secret: (secret) => (secret === '' ? 'Enter its secret' : null),
    },
  });
  const submit = form.onSubmit(({ key, secret }) =>
    mint.mutate(
      { import: { key: key.trim(), secret }, idempotencyKey },
      {
        onSuccess: ({ credential }) => {
          onClose();
          notify(`${credential.key} works with this app now.`);
        },
        onError: (error) => form.setErrors(asProblem(error).byNameIn(['key', 'secret'])),
      },
    ),
  );
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="var(--sb-text-2)">
          Clients and back ends that hold this key and secret go on with them: only the host name changes for
          them. The other pairs of this app stay as they are.
        </Text>
        <TextInput
          label="Key"
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          {...form.getInputProps('key')}
        />
        <PasswordInput
          label="Secret"
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the secret' }}
          {...form.getInputProps('secret')}
        />
        {mint.error && asProblem(mint.error).fields.length === 0 && <ErrorNotice error={mint.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={mint.isPending}>
            Bring it along
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
