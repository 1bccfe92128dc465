import { Button, Group, Modal, Stack, Switch, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { asProblem } from '../../api/problem';
import {
  useCreatePublishableKey,
  useDryRunPublishableKey,
  usePatchPublishableKey,
  type PublishableKeyDraft,
} from '../../api/publishable-keys';
import { uuid } from '../../api/random';
import type { App, PublishableKey, PublishableKeyPatch } from '../../api/types';
import { CLIENT_ACTIONS } from '../../scopes/actions';
import { patternProblem } from '../../scopes/pattern';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { literalOriginsProblem } from '../settings/origin';
import { DryRunResult } from './dry-run';
import { changedExpiry, dateProblem, type ChangedExpiry } from './expiry';
import { ExpiryFields } from './expiry-fields';
import css from './keys.module.css';
import { PatternPreview } from './pattern-preview';
import { ActionsField, PatternsField } from './scope-editor';

/** A key to be changed, or the wish for a new one. */
export type Editing = PublishableKey | 'new';

export function PublishableKeyDialog({
  app,
  editing,
  onClose,
}: {
  app: App;
  editing: Editing | null;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={editing !== null}
      onClose={onClose}
      title={editing === 'new' ? 'Create publishable key' : 'Edit publishable key'}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {editing !== null && <KeyForm app={app} editing={editing} onClose={onClose} />}
    </Modal>
  );
}

type Values = PublishableKeyDraft & { expiry: ChangedExpiry; date: string; brought: string };

const FRESH: PublishableKeyDraft = {
  name: '',
  actions: ['publish', 'subscribe', 'presence'],
  channels: ['**'],
  allowed_origins: [],
  allow_no_origin: false,
  ice_servers: true,
};

function draftOf({ name, actions, channels, allowed_origins, allow_no_origin, ice_servers }: PublishableKey) {
  return { name, actions, channels, allowed_origins, allow_no_origin, ice_servers };
}

function patchOf({ expiry, date, brought: _, ...draft }: Values): PublishableKeyPatch {
  return { ...draft, name: draft.name.trim(), ...changedExpiry(expiry, date) };
}

function KeyForm({ app, editing, onClose }: { app: App; editing: Editing; onClose: () => void }) {
  const create = useCreatePublishableKey(app.id);
  const save = usePatchPublishableKey(app.id);
  const dryRun = useDryRunPublishableKey(app.id);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const [touched, setTouched] = useState(false);
  const isNew = editing === 'new';
  const form = useForm<Values>({
    initialValues: {
      ...(isNew ? FRESH : draftOf(editing)),
      expiry: isNew ? 'never' : 'keep',
      date: '',
      brought: '',
    },
    onValuesChange: () => {
      setIdempotencyKey(uuid());
      // What was found belongs to what was asked.
      dryRun.reset();
    },
    validate: {
      name: (name) =>
        name.trim() === ''
          ? 'Name the clients that will use this key'
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
      allowed_origins: literalOriginsProblem,
      date: (date, { expiry }) => dateProblem(expiry, date),
      brought: (key) => (key === '' || /^pk_[\w-]+$/.test(key) ? null : 'A publishable key begins with pk_'),
    },
  });
  const error = create.error ?? save.error ?? dryRun.error;
  const onError = (refusal: Error) => form.setErrors(byForm(refusal));

  const submit = form.onSubmit(
    (values) => {
      const wanted = patchOf(values);
      const after = {
        onSuccess: () => {
          notify(isNew ? `${wanted.name} created.` : `${wanted.name} saved.`);
          onClose();
        },
        onError,
      };
      if (!isNew) return save.mutate({ key: editing.key, patch: wanted }, after);
      const { expiry, date, brought, ...draft } = values;
      create.mutate(
        {
          ...draft,
          name: draft.name.trim(),
          expires_at: changedExpiry(expiry, date).expires_at ?? undefined,
          ...(brought === '' ? {} : { key: brought }),
          idempotencyKey,
        },
        after,
      );
    },
    () => setTouched(true),
  );
  const ask = () => {
    setTouched(true);
    if (isNew || form.validate().hasErrors) return;
    dryRun.mutate({ key: editing.key, patch: patchOf(form.values) }, { onError });
  };

  return (
    <form onSubmit={submit} noValidate>
      <div className={css.editor}>
        <Stack gap="lg">
          <TextInput label="Name" placeholder="Web shop" data-autofocus {...form.getInputProps('name')} />
          <ActionsField
            among={CLIENT_ACTIONS}
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
          <TagsInput
            label="Allowed origins"
            description="Empty: any page, and programs too. Enter adds one."
            placeholder="https://shop.example"
            splitChars={[',', ' ']}
            {...form.getInputProps('allowed_origins')}
          />
          {form.values.allowed_origins.length > 0 && (
            <Switch
              label="Programs too"
              description="Apps, devices and servers send no origin. Programs can also claim any origin: the list stops other web pages, nothing else."
              {...form.getInputProps('allow_no_origin', { type: 'checkbox' })}
            />
          )}
          <Switch
            label="Hand out ICE servers"
            description="Peers with this key are greeted with the servers in Settings, for WebRTC calls."
            {...form.getInputProps('ice_servers', { type: 'checkbox' })}
          />
          <ExpiryFields
            expiry={form.getInputProps('expiry')}
            date={form.getInputProps('date')}
            {...(isNew ? {} : { ends: editing.expires_at })}
          />
          {isNew && (
            <TextInput
              label="Bring a key along (optional)"
              description="A key that clients hold already. They then change nothing but the address."
              placeholder="pk_live_…"
              autoComplete="off"
              spellCheck={false}
              {...form.getInputProps('brought')}
            />
          )}
        </Stack>
        <div className={css.aside}>
          <PatternPreview appId={app.id} patterns={form.values.channels} forClients />
          {dryRun.data && <DryRunResult found={dryRun.data} />}
        </div>
      </div>
      {error && asProblem(error).fields.length === 0 && (
        <div style={{ marginTop: '1rem' }}>
          <ErrorNotice error={error} />
        </div>
      )}
      <Group justify="flex-end" gap="xs" mt="lg">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        {!isNew && (
          <Button
            variant="default"
            leftSection={<FlaskConical size={15} aria-hidden />}
            loading={dryRun.isPending}
            onClick={ask}
          >
            Dry run
          </Button>
        )}
        <Button type="submit" loading={create.isPending || save.isPending}>
          {isNew ? 'Create publishable key' : 'Save'}
        </Button>
      </Group>
    </form>
  );
}

/** The API calls a key that is brought along `key`. */
function byForm(refusal: Error): Record<string, string> {
  const problem = asProblem(refusal);
  if (problem.code === 'key_taken') return { brought: problem.message };
  const { key, expires_at, ...rest } = problem.byNameIn(['key', 'expires_at', ...Object.keys(FRESH)]);
  return {
    ...rest,
    ...(key === undefined ? {} : { brought: key }),
    ...(expires_at === undefined ? {} : { date: expires_at }),
  };
}
