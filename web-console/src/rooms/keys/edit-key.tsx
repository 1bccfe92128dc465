import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { useDryRun, usePatchKey } from '../../api/keys';
import { asProblem } from '../../api/problem';
import type { ActionName, App, KeyPatch, SecretKey } from '../../api/types';
import { ACTIONS } from '../../scopes/actions';
import { patternProblem } from '../../scopes/pattern';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { DryRunResult } from './dry-run';
import { changedExpiry, dateProblem, type ChangedExpiry } from './expiry';
import { ExpiryFields } from './expiry-fields';
import { addressesProblem, rateProblem } from './key-limits';
import { KeyLimitsFields } from './key-limits-fields';
import css from './keys.module.css';
import { PatternPreview } from './pattern-preview';
import { ActionsField, PatternsField } from './scope-editor';

export function EditKeyDialog({
  app,
  editing,
  onClose,
}: {
  app: App;
  editing: SecretKey | null;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={editing !== null}
      onClose={onClose}
      title={editing ? `Edit ${editing.name}` : ''}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {editing && <EditKeyForm app={app} item={editing} onClose={onClose} />}
    </Modal>
  );
}

type Values = {
  name: string;
  actions: ActionName[];
  channels: string[];
  expiry: ChangedExpiry;
  date: string;
  rate: number | string;
  addresses: string[];
};

function patchOf({ name, actions, channels, expiry, date, rate, addresses }: Values): KeyPatch {
  return {
    name: name.trim(),
    actions,
    channels,
    max_publishes_per_s: rate === '' ? null : Number(rate),
    allowed_addresses: addresses,
    ...changedExpiry(expiry, date),
  };
}

const FIELDS: Record<string, string> = {
  expires_at: 'date',
  max_publishes_per_s: 'rate',
  allowed_addresses: 'addresses',
};

function EditKeyForm({ app, item, onClose }: { app: App; item: SecretKey; onClose: () => void }) {
  const save = usePatchKey(app.id);
  const dryRun = useDryRun(app.id);
  const [touched, setTouched] = useState(false);
  const form = useForm<Values>({
    initialValues: {
      name: item.name,
      actions: item.actions,
      channels: item.channels,
      expiry: 'keep',
      date: '',
      rate: item.max_publishes_per_s ?? '',
      addresses: item.allowed_addresses,
    },
    // What was found belongs to what was asked.
    onValuesChange: () => dryRun.reset(),
    validate: {
      name: (name) => (name.trim() === '' ? 'Name what uses this key' : null),
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
    },
  });
  const refused = (error: Error) => {
    const byName = asProblem(error).byNameIn([
      'name',
      'actions',
      'channels',
      'expires_at',
      'max_publishes_per_s',
      'allowed_addresses',
    ]);
    form.setErrors(
      Object.fromEntries(Object.entries(byName).map(([name, told]) => [FIELDS[name] ?? name, told])),
    );
  };
  const submit = form.onSubmit(
    (values) =>
      save.mutate(
        { id: item.id, patch: patchOf(values) },
        {
          onSuccess: () => {
            onClose();
            notify(`${item.name} is changed. It reaches every gateway in under a second.`);
          },
          onError: refused,
        },
      ),
    () => setTouched(true),
  );
  const ask = () => {
    setTouched(true);
    if (form.validate().hasErrors) return;
    dryRun.mutate({ id: item.id, patch: patchOf(form.values) }, { onError: refused });
  };
  const error = save.error ?? dryRun.error;
  return (
    <form onSubmit={submit} noValidate>
      <div className={css.editor}>
        <Stack gap="lg">
          <TextInput label="Name" data-autofocus {...form.getInputProps('name')} />
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
          <ExpiryFields
            expiry={form.getInputProps('expiry')}
            date={form.getInputProps('date')}
            ends={item.expires_at}
          />
          <KeyLimitsFields rate={form.getInputProps('rate')} addresses={form.getInputProps('addresses')} />
        </Stack>
        <div className={css.aside}>
          <PatternPreview appId={app.id} patterns={form.values.channels} />
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
        <Button
          variant="default"
          leftSection={<FlaskConical size={15} aria-hidden />}
          loading={dryRun.isPending}
          onClick={ask}
        >
          Dry run
        </Button>
        <Button type="submit" loading={save.isPending}>
          Save
        </Button>
      </Group>
    </form>
  );
}
