import { Button, Group, Modal, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { asProblem } from '../../api/problem';
import {
  useCreatePublishableKey,
  usePatchPublishableKey,
  type PublishableKeyDraft,
} from '../../api/publishable-keys';
import { uuid } from '../../api/random';
import type { App, PublishableKey } from '../../api/types';
import { CLIENT_ACTIONS } from '../../scopes/actions';
import { patternProblem } from '../../scopes/pattern';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { literalOriginsProblem } from '../settings/origin';
import { dateProblem, EXPIRIES, expiresAt, type Expiry } from './expiry';
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

type Values = PublishableKeyDraft & { expiry: Expiry; date: string; brought: string };

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

function KeyForm({ app, editing, onClose }: { app: App; editing: Editing; onClose: () => void }) {
  const create = useCreatePublishableKey(app.id);
  const patch = usePatchPublishableKey(app.id);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const [touched, setTouched] = useState(false);
  const isNew = editing === 'new';
  const form = useForm<Values>({
    initialValues: { ...(isNew ? FRESH : draftOf(editing)), expiry: 'never', date: '', brought: '' },
    onValuesChange: () => setIdempotencyKey(uuid()),
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
  const error = create.error ?? patch.error;

  const submit = form.onSubmit(
    ({ expiry, date, brought, ...draft }) => {
      const wanted = { ...draft, name: draft.name.trim() };
      const after = {
        onSuccess: () => {
          notify(isNew ? `${wanted.name} created.` : `${wanted.name} saved.`);
          onClose();
        },
        onError: (refusal: Error) => form.setErrors(byForm(refusal)),
      };
      if (!isNew) return patch.mutate({ ...wanted, key: editing.key }, after);
      const key = brought === '' ? {} : { key: brought };
      create.mutate({ ...wanted, ...key, expires_at: expiresAt(expiry, date), idempotencyKey }, after);
    },
    () => setTouched(true),
  );

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
          {isNew && (
            <>
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
              <TextInput
                label="Bring a key along (optional)"
                description="A key that clients hold already. They then change nothing but the address."
                placeholder="pk_live_…"
                autoComplete="off"
                spellCheck={false}
                {...form.getInputProps('brought')}
              />
            </>
          )}
        </Stack>
        <PatternPreview appId={app.id} patterns={form.values.channels} forClients />
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
        <Button type="submit" loading={create.isPending || patch.isPending}>
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
  const { key, ...rest } = problem.byNameIn(['key', ...Object.keys(FRESH), 'date']);
  return key === undefined ? rest : { ...rest, brought: key };
}
