import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useChangeCredential } from '../../api/apps';
import { asProblem } from '../../api/problem';
import type { App, Credential } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { Mono } from '../../ui/page';
import { changedExpiry, dateProblem, type ChangedExpiry } from './expiry';
import { ExpiryFields } from './expiry-fields';

export function PairExpiryDialog({
  app,
  changing,
  onClose,
}: {
  app: App;
  changing: Credential | null;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={changing !== null}
      onClose={onClose}
      title="When the pair ends"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {changing && <ExpiryForm app={app} item={changing} onClose={onClose} />}
    </Modal>
  );
}

function ExpiryForm({ app, item, onClose }: { app: App; item: Credential; onClose: () => void }) {
  const change = useChangeCredential(app.id);
  const form = useForm<{ expiry: ChangedExpiry; date: string }>({
    initialValues: { expiry: 'keep', date: '' },
    validate: { date: (date, { expiry }) => dateProblem(expiry, date) },
  });
  const submit = form.onSubmit(({ expiry, date }) => {
    const { expires_at } = changedExpiry(expiry, date);
    if (expires_at === undefined) return onClose();
    change.mutate(
      { key: item.key, expires_at },
      {
        onSuccess: () => {
          onClose();
          notify(
            expires_at === null
              ? `${item.key} does not end by itself.`
              : `${item.key} ends on ${new Date(expires_at).toLocaleDateString('en', { dateStyle: 'medium' })}.`,
          );
        },
        onError: (error) => {
          const told = asProblem(error).byField['expires_at'];
          if (told) form.setFieldError('date', told);
        },
      },
    );
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="var(--sb-text-2)">
          When <Mono>{item.key}</Mono> ends, clients that are connected with it are disconnected, and requests
          signed with its secret are refused.
        </Text>
        <ExpiryFields
          expiry={form.getInputProps('expiry')}
          date={form.getInputProps('date')}
          ends={item.expires_at}
        />
        {change.error && <ErrorNotice error={change.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
