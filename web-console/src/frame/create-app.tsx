import { Anchor, Button, Group, Modal, Stack, Text, TextInput, PasswordInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { z } from 'zod/mini';
import { useCreateApp } from '../api/apps';
import { asProblem } from '../api/problem';
import { uuid } from '../api/random';
import { ErrorNotice } from '../ui/errors';
import { useCurrentOrganisation } from './use-apps';

const schema = z
  .object({
    name: z
      .string()
      .check(z.trim(), z.minLength(1, 'Give the app a name'), z.maxLength(100, 'At most 100 characters')),
    importing: z.boolean(),
    id: z.string().check(z.regex(/^\d*$/, 'An app id has digits only')),
    key: z.string(),
    secret: z.string(),
  })
  .check(
    z.refine((values) => !values.importing || values.key.trim() !== '', {
      path: ['key'],
      error: 'Enter the key to import',
    }),
    z.refine((values) => !values.importing || values.secret !== '', {
      path: ['secret'],
      error: 'Enter the secret that belongs to the key',
    }),
  );

export function CreateAppDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Create app"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <CreateAppForm onClose={onClose} />
    </Modal>
  );
}

function CreateAppForm({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const organisation = useCurrentOrganisation();
  const create = useCreateApp(organisation?.id ?? '');
  // One key per content of the form: pressing the button again after a lost answer makes no second app.
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const form = useForm({
    initialValues: { name: '', importing: false, id: '', key: '', secret: '' },
    onValuesChange: () => setIdempotencyKey(uuid()),
    validate: schemaResolver(schema, { sync: true }),
  });

  const submit = form.onSubmit((values) => {
    const { name, importing, id, key, secret } = values;
    create.mutate(
      {
        name: name.trim(),
        import: importing ? { id: id || undefined, key: key.trim(), secret } : undefined,
        idempotencyKey,
      },
      {
        onSuccess: ({ app }) => {
          onClose();
          void navigate({ to: '/apps/$appId', params: { appId: app.id } });
        },
        onError: (error) => form.setErrors(asProblem(error).byNameIn(['name', 'id', 'key', 'secret'])),
      },
    );
  });

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="var(--sb-text-2)">
          An app has its own credentials, channels and limits. Most teams make one per environment
          {organisation ? `. It will belong to ${organisation.name}` : ''}.
        </Text>
        <TextInput label="Name" placeholder="Production" data-autofocus {...form.getInputProps('name')} />
        {form.values.importing ? (
          <Stack gap="sm">
            <Text size="sm" c="var(--sb-text-2)">
              Moving here? Keep the key and secret your clients already use: only the host name changes for
              them.
            </Text>
            <TextInput
              label="App id (optional)"
              placeholder="Digits; one is made when empty"
              inputMode="numeric"
              {...form.getInputProps('id')}
            />
            <TextInput label="Key" autoComplete="off" spellCheck={false} {...form.getInputProps('key')} />
            <PasswordInput label="Secret" autoComplete="off" {...form.getInputProps('secret')} />
          </Stack>
        ) : (
          <Anchor
            component="button"
            type="button"
            size="sm"
            ta="left"
            onClick={() => form.setFieldValue('importing', true)}
          >
            Import a key and secret from another service
          </Anchor>
        )}
        {create.error && <ErrorNotice error={create.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create app
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
