import { Button, Group, Modal, Stack, Switch, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useCreateKey } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { uuid } from '../../api/random';
import { useSession } from '../../api/session';
import type { ActionName, App, CreatedKey } from '../../api/types';
import { ACTIONS } from '../../scopes/actions';
import { patternProblem } from '../../scopes/pattern';
import { snippets } from '../../snippets/snippets';
import { CodeBlock } from '../../ui/code';
import { CopyField } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { Notice } from '../../ui/page';
import { dateProblem, expiresAt, type Expiry } from './expiry';
import { ExpiryFields } from './expiry-fields';
import css from './keys.module.css';
import { addressesProblem, rateProblem } from './key-limits';
import { KeyLimitsFields } from './key-limits-fields';
import { PatternPreview } from './pattern-preview';
import { ActionsField, PatternsField } from './scope-editor';
import { SigningFields } from './signing-secret';

export function CreateKeyDialog({
  app,
  opened,
  onClose,
}: {
  app: App;
  opened: boolean;
  onClose: () => void;
}) {
  const [made, setMade] = useState<CreatedKey | null>(null);
  const close = () => {
    onClose();
    setMade(null);
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={made ? 'Secret key created' : 'Create secret key'}
      size={made ? 'lg' : 'xl'}
      // The token is shown once: only its own button puts it away.
      closeOnClickOutside={made === null}
      closeOnEscape={made === null}
      withCloseButton={made === null}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {made ? (
        <ShownOnce app={app} made={made} onDone={close} />
      ) : (
        <CreateKeyForm app={app} onClose={close} onCreated={setMade} />
      )}
    </Modal>
  );
}

type Values = {
  name: string;
  actions: ActionName[];
  channels: string[];
  expiry: Expiry;
  date: string;
  rate: number | string;
  addresses: string[];
  token_secret: boolean;
  brought_id: string;
  brought_secret: string;
};

function CreateKeyForm({
  app,
  onClose,
  onCreated,
}: {
  app: App;
  onClose: () => void;
  onCreated: (made: CreatedKey) => void;
}) {
  const create = useCreateKey(app.id);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const [touched, setTouched] = useState(false);
  const form = useForm<Values>({
    initialValues: {
      name: '',
      actions: ['publish'],
      channels: ['**'],
      expiry: 'never',
      date: '',
      rate: '',
      addresses: [],
      token_secret: false,
      brought_id: '',
      brought_secret: '',
    },
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
      rate: rateProblem,
      addresses: addressesProblem,
      brought_id: (id, { token_secret }) =>
        !token_secret || id === '' || /^sk_id_[\w-]+$/.test(id) ? null : 'An id begins with sk_id_',
      brought_secret: (secret, { token_secret, brought_id }) =>
        !token_secret || brought_id === '' || secret.length >= 16 ? null : 'At least 16 characters',
    },
  });

  const submit = form.onSubmit(
    ({ name, actions, channels, expiry, date, rate, addresses, token_secret, brought_id, brought_secret }) =>
      create.mutate(
        {
          name: name.trim(),
          actions,
          channels,
          expires_at: expiresAt(expiry, date),
          ...(rate === '' ? {} : { max_publishes_per_s: Number(rate) }),
          ...(addresses.length === 0 ? {} : { allowed_addresses: addresses }),
          token_secret,
          ...(token_secret && brought_id !== ''
            ? { import: { id: brought_id, token_secret: brought_secret } }
            : {}),
          idempotencyKey,
        },
        {
          onSuccess: onCreated,
          onError: (error) => form.setErrors(byForm(error)),
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
            among={ACTIONS}
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
          <ExpiryFields expiry={form.getInputProps('expiry')} date={form.getInputProps('date')} />
          <KeyLimitsFields rate={form.getInputProps('rate')} addresses={form.getInputProps('addresses')} />
          <Switch
            label="With a signing secret"
            description="For Metered: your back end signs tokens with it that peers connect with. You can add one later."
            {...form.getInputProps('token_secret', { type: 'checkbox' })}
          />
          {form.values.token_secret && (
            <Group align="flex-start" grow gap="sm">
              <TextInput
                label="Bring an id along (optional)"
                description="Of a key your back end signs with already"
                placeholder="sk_id_…"
                autoComplete="off"
                spellCheck={false}
                {...form.getInputProps('brought_id')}
              />
              {form.values.brought_id !== '' && (
                <TextInput
                  label="And its secret"
                  description="What it signs with"
                  placeholder="sk_secret_…"
                  autoComplete="off"
                  spellCheck={false}
                  {...form.getInputProps('brought_secret')}
                />
              )}
            </Group>
          )}
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

/** The API calls what is brought along `import`. */
function byForm(error: Error): Record<string, string> {
  const problem = asProblem(error);
  if (problem.code === 'key_taken') return { brought_id: problem.message };
  const names = [
    'name',
    'actions',
    'channels',
    'expires_at',
    'import',
    'max_publishes_per_s',
    'allowed_addresses',
  ];
  const {
    expires_at,
    import: brought,
    max_publishes_per_s: rate,
    allowed_addresses: addresses,
    ...rest
  } = problem.byNameIn(names);
  return {
    ...rest,
    ...(expires_at === undefined ? {} : { date: expires_at }),
    ...(brought === undefined ? {} : { brought_id: brought }),
    ...(rate === undefined ? {} : { rate }),
    ...(addresses === undefined ? {} : { addresses }),
  };
}

function ShownOnce({ app, made, onDone }: { app: App; made: CreatedKey; onDone: () => void }) {
  const { gateway_url: gatewayUrl } = useSession();
  const { token, token_secret: secret, pair } = made;
  const curl = snippets({
    gatewayUrl,
    appId: app.id,
    key: '',
    secret: null,
    token,
    signingToken: null,
    publishable: null,
    openStreams: false,
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
      {secret && pair && <SigningFields keyId={made.key.id} signing={{ token_secret: secret, pair }} />}
      {curl && <CodeBlock code={curl.code} language={curl.language} label="curl with this key" />}
      <Group justify="flex-end">
        <Button onClick={onDone}>I have stored it</Button>
      </Group>
    </Stack>
  );
}
