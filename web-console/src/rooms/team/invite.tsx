import { Button, Group, Modal, Radio, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { asProblem } from '../../api/problem';
import { uuid } from '../../api/random';
import { permissionsQuery, useInvite } from '../../api/team';
import type { Organisation, Role } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { emailProblem } from '../entrance/email';
import { givableRoles, ROLES } from './roles';

export function InviteDialog({
  organisation,
  opened,
  onClose,
}: {
  organisation: Organisation;
  opened: boolean;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Invite to ${organisation.name}`}
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <InviteForm organisation={organisation} onClose={onClose} />
    </Modal>
  );
}

function InviteForm({ organisation, onClose }: { organisation: Organisation; onClose: () => void }) {
  const invite = useInvite(organisation.id);
  const permissions = useQuery(permissionsQuery);
  const givable = givableRoles(organisation.role, permissions.data?.roles ?? []);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const form = useForm<{ email: string; role: Role }>({
    initialValues: { email: '', role: 'developer' },
    onValuesChange: () => setIdempotencyKey(uuid()),
    validate: { email: emailProblem },
  });
  const submit = form.onSubmit(({ email, role }) =>
    invite.mutate(
      { email: email.trim(), role, idempotencyKey },
      {
        onSuccess: () => {
          onClose();
          notify(`An invitation is on its way to ${email.trim()}.`);
        },
        onError: (error) => form.setErrors(asProblem(error).byField),
      },
    ),
  );
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          label="Email"
          type="email"
          autoComplete="off"
          placeholder="colleague@example.com"
          data-autofocus
          {...form.getInputProps('email')}
        />
        <Radio.Group label="Role" {...form.getInputProps('role')}>
          <Stack gap="xs" mt={6}>
            {ROLES.map(({ value, label, help }) => (
              <Radio
                key={value}
                value={value}
                label={label}
                description={help}
                disabled={permissions.isSuccess && !givable.includes(value)}
              />
            ))}
          </Stack>
        </Radio.Group>
        {invite.error && asProblem(invite.error).fields.length === 0 && <ErrorNotice error={invite.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={invite.isPending}>
            Send the invitation
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
