import { Button, Checkbox, Group, Modal, MultiSelect, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { appsQuery } from '../../api/apps';
import { asProblem } from '../../api/problem';
import { uuid } from '../../api/random';
import { permissionsQuery, useCreateToken } from '../../api/team';
import type { Organisation, Permission } from '../../api/types';
import { CodeBlock } from '../../ui/code';
import { CopyField } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { Notice } from '../../ui/page';
import { permissionWords } from '../../ui/permissions';
import { dateProblem, expiresAt, type Expiry } from '../keys/expiry';
import { ExpiryFields } from '../keys/expiry-fields';
import fields from '../keys/keys.module.css';
import css from './tokens.module.css';

export function CreateTokenDialog({
  organisation,
  opened,
  onClose,
}: {
  organisation: Organisation;
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
      title={token ? 'Management token created' : 'Create management token'}
      size="lg"
      closeOnClickOutside={token === null}
      closeOnEscape={token === null}
      withCloseButton={token === null}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {token ? (
        <ShownOnce organisation={organisation} token={token} onDone={close} />
      ) : (
        <CreateTokenForm organisation={organisation} onClose={close} onCreated={setToken} />
      )}
    </Modal>
  );
}

type Values = { name: string; permissions: Permission[]; apps: string[]; expiry: Expiry; date: string };

function CreateTokenForm({
  organisation,
  onClose,
  onCreated,
}: {
  organisation: Organisation;
  onClose: () => void;
  onCreated: (token: string) => void;
}) {
  const create = useCreateToken(organisation.id);
  const known = useQuery(permissionsQuery);
  const apps = useQuery(appsQuery(organisation.id));
  const isOfApps = (permission: Permission) =>
    known.data?.permissions.find((one) => one.permission === permission)?.of_apps ?? true;
  const own = known.data?.roles.find(({ role }) => role === organisation.role)?.permissions ?? [];
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const form = useForm<Values>({
    initialValues: { name: '', permissions: ['apps.read'], apps: [], expiry: '90', date: '' },
    onValuesChange: () => setIdempotencyKey(uuid()),
    validate: {
      name: (name) =>
        name.trim() === ''
          ? 'Name what will use this token'
          : name.length > 100
            ? 'At most 100 characters'
            : null,
      permissions: (permissions, { apps }) =>
        permissions.length === 0
          ? 'Choose at least one permission'
          : apps.length > 0 && !permissions.every(isOfApps)
            ? 'A token for some apps takes permissions on apps, keys and usage only'
            : null,
      date: (date, { expiry }) => dateProblem(expiry, date),
    },
  });
  const { permissions } = form.values;
  const confined = form.values.apps.length > 0;
  const toggle = (permission: Permission) =>
    form.setFieldValue(
      'permissions',
      permissions.includes(permission)
        ? permissions.filter((other) => other !== permission)
        : [...permissions, permission],
    );
  const submit = form.onSubmit(({ name, permissions, apps, expiry, date }) => {
    const until = expiresAt(expiry, date);
    create.mutate(
      {
        name: name.trim(),
        permissions,
        ...(apps.length > 0 ? { apps } : {}),
        ...(until ? { expires_at: until } : {}),
        idempotencyKey,
      },
      {
        onSuccess: ({ token }) => onCreated(token),
        onError: (error) => form.setErrors(byForm(error)),
      },
    );
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        <TextInput
          label="Name"
          placeholder="Deploy pipeline"
          data-autofocus
          {...form.getInputProps('name')}
        />
        <fieldset className={fields.fieldset}>
          <legend className={fields.legend}>Permissions</legend>
          {known.error && <ErrorNotice error={known.error} onRetry={() => void known.refetch()} />}
          <div className={css.choices}>
            {own.map((permission) => {
              const { label, help } = permissionWords(permission);
              return (
                <Checkbox.Card
                  key={permission}
                  className={fields.action}
                  checked={permissions.includes(permission)}
                  disabled={confined && !isOfApps(permission) && !permissions.includes(permission)}
                  onClick={() => toggle(permission)}
                >
                  <span className={fields.actionHead}>
                    <Checkbox.Indicator size="xs" /> {label}
                  </span>
                  <span className={fields.actionHelp}>{help}</span>
                </Checkbox.Card>
              );
            })}
          </div>
          {form.errors['permissions'] && (
            <p role="alert" style={{ margin: '0.375rem 0 0', color: 'var(--sb-bad)', fontSize: '0.8125rem' }}>
              {form.errors['permissions']}
            </p>
          )}
        </fieldset>
        <MultiSelect
          label="Apps"
          description="Empty: all apps and the organisation itself"
          placeholder={confined ? undefined : 'All'}
          data={(apps.data ?? []).map(({ id, name }) => ({ value: id, label: `${name} (${id})` }))}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'All apps' }}
          {...form.getInputProps('apps')}
        />
        <ExpiryFields expiry={form.getInputProps('expiry')} date={form.getInputProps('date')} />
        {create.error && asProblem(create.error).fields.length === 0 && <ErrorNotice error={create.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The form has a date where the API has the moment a token ends. */
function byForm(error: Error): Record<string, string> {
  const { expires_at, ...rest } = asProblem(error).byNameIn(['name', 'permissions', 'apps', 'expires_at']);
  return expires_at === undefined ? rest : { ...rest, date: expires_at };
}

function ShownOnce({
  organisation,
  token,
  onDone,
}: {
  organisation: Organisation;
  token: string;
  onDone: () => void;
}) {
  const curl = `curl ${window.location.origin}/v1/organisations/${organisation.id}/apps \\\n  -H "Authorization: Bearer ${token}"`;
  return (
    <Stack gap="md">
      <Notice
        tone="warn"
        role="status"
        icon={<KeyRound size={17} aria-hidden />}
        title="Copy it now. This is the only time it is shown."
      >
        <p style={{ margin: 0 }}>It may never do more than you may: when your role shrinks, so does it.</p>
      </Notice>
      <CopyField label="Token" value={token} wrap testId="management-token" />
      <CodeBlock code={curl} language="bash" label="curl with this token" />
      <Group justify="flex-end">
        <Button onClick={onDone}>I have stored it</Button>
      </Group>
    </Stack>
  );
}
