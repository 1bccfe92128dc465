import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useCreateOrganisation } from '../api/organisations';
import { asProblem } from '../api/problem';
import { ErrorNotice } from '../ui/errors';

export function CreateOrganisationDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Create organisation"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <CreateOrganisationForm onClose={onClose} />
    </Modal>
  );
}

function CreateOrganisationForm({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const create = useCreateOrganisation();
  const form = useForm({
    initialValues: { name: '' },
    validate: {
      name: (name) =>
        name.trim() === '' ? 'Give it a name' : name.length > 100 ? 'At most 100 characters' : null,
    },
  });
  const submit = form.onSubmit(({ name }) =>
    create.mutate(name.trim(), {
      onSuccess: ({ id }) => {
        onClose();
        void navigate({ to: '/organisations/$orgId', params: { orgId: id } });
      },
      onError: (error) => form.setErrors(asProblem(error).byField),
    }),
  );
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="var(--sb-text-2)">
          An organisation has its own team, apps, plan and invoices. Nothing is shared with your others.
        </Text>
        <TextInput label="Name" placeholder="Your company" data-autofocus {...form.getInputProps('name')} />
        {create.error && asProblem(create.error).fields.length === 0 && <ErrorNotice error={create.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create organisation
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
