import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useCreateKey } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { uuid } from '../../api/random';
import { useSession } from '../../api/session';
import type { ActionName, App } from '../../api/types';
import { patternProblem } from '../../scopes/pattern';
import { snippets } from '../../snippets/snippets';
import { CodeBlock } from '../../ui/code';
import { CopyField } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { Notice } from '../../ui/page';
import { dateProblem, EXPIRIES, expiresAt, type Expiry } from './expiry';
import css from './keys.module.css';
import { PatternPreview } from './pattern-preview';
import { ActionsField, PatternsField } from './scope-editor';

export function CreateKeyDialog({
  app,
  opened,
  onClose,
}: {
  app: App;
  opened: boolean;
  onClose: () => void;
}) {
  const [token, setToken] = useState<string | null>(null);
  const close = () => {
    onClose();
    setToken(null);
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={token ? 'Secret key created' : 'Create secret key'}
      size={token ? 'lg' : 'xl'}
      // The token is shown once: only its own button puts it away.
      closeOnClickOutside={token === null}
      closeOnEscape={token === null}
      withCloseButton={token === null}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {token ? (
        <TokenOnce app={app} token={token} onDone={close} />
      ) : (
        <CreateKeyForm app={app} onClose={close} onCreated={setToken} />
      )}
    </Modal>
  );
}

type Values = { name: string; actions: ActionName[]; channels: string[]; expiry: Expiry; date: string };

function CreateKeyForm({
  app,
  onClose,
  onCreated,
}: {
  app: App;
  onClose: () => void;
  onCreated: (token: string) => void;
}) {
  const create = useCreateKey(app.id);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const [touched, setTouched] = useState(false);
  const form = useForm<Values>({
    initialValues: { name: '', actions: ['publish'], channels: ['**'], expiry: 'never', date: '' },
    // Another wish is another request: the key that makes a repeat harmless belongs to one content.
    onValuesChange: () => setIdempotencyKey(uuid()),
    validate: {
      name: (name) =>
        name.trim() === ''
          ? 'Name what will use this key'
          : name.length > 100
            ? 'At most 100 characters'
            : null,
      actions: (actions) => (actions.length === 0 ? 'Choose at least one action' : null),
      channels: (channels) =>
        channels.length === 0
          ? 'Add at least one pattern'
          : channels.some((pattern) => patternProblem(pattern) !== null)
            ? 'Correct the patterns above'
            : null,
      date: (date, { expiry }) => dateProblem(expiry, date),
    },
  });

  const submit = form.onSubmit(
    ({ name, actions, channels, expiry, date }) =>
      create.mutate(
        {
          name: name.trim(),
          actions,
          channels,
          expires_at: expiresAt(expiry, date),
          idempotencyKey,
        },
        {
          onSuccess: (created) => onCreated(created.token),
          onError: (error) => form.setErrors(asProblem(error).byField),
        },
      ),
    () => setTouched(true),
  );

  return (
    <form onSubmit={submit} noValidate>
      <div className={css.editor}>
        <Stack gap="lg">
          <TextInput
            label="Name"
            placeholder="Billing worker"
            data-autofocus
            {...form.getInputProps('name')}
          />
          <ActionsField
            value={form.values.actions}
            onChange={(actions) => form.setFieldValue('actions', actions)}
            error={form.errors['actions']}
          />
          <PatternsField
            value={form.values.channels}
            onChange={(channels) => form.setFieldValue('channels', channels)}
            touched={touched}
            error={form.errors['channels']}
          />
          <Group align="flex-start" grow gap="sm">
            <Select
              label="Expires"
              data={EXPIRIES}
              allowDeselect={false}
              comboboxProps={{ withinPortal: true }}
              {...form.getInputProps('expiry')}
            />
            {form.values.expiry === 'date' && (
              <TextInput type="date" label="Last day" {...form.getInputProps('date')} />
            )}
          </Group>
        </Stack>
        <PatternPreview appId={app.id} patterns={form.values.channels} />
      </div>
      {create.error && asProblem(create.error).fields.length === 0 && (
        <div style={{ marginTop: '1rem' }}>
          <ErrorNotice error={create.error} />
        </div>
      )}
      <Group justify="flex-end" gap="xs" mt="lg">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={create.isPending}>
          Create secret key
        </Button>
      </Group>
    </form>
  );
}

function TokenOnce({ app, token, onDone }: { app: App; token: string; onDone: () => void }) {
  const { gateway_url: gatewayUrl } = useSession();
  const curl = snippets({
    gatewayUrl,
    appId: app.id,
    key: '',
    secret: null,
    token,
    channel: 'my-channel',
    event: 'my-event',
  }).find((snippet) => snippet.id === 'curl-bearer');
  return (
    <Stack gap="md">
      <Notice
        tone="warn"
        role="status"
        icon={<KeyRound size={17} aria-hidden />}
        title="Copy it now. This is the only time it is shown."
      />
      <CopyField label="Secret key" value={token} wrap testId="key-token" />
      {curl && <CodeBlock code={curl.code} language={curl.language} label="curl with this key" />}
      <Group justify="flex-end">
        <Button onClick={onDone}>I have stored it</Button>
      </Group>
    </Stack>
  );
}
