import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useRenameOrganisation } from '../../api/organisations';
import { asProblem } from '../../api/problem';
import type { Organisation } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { Panel } from '../../ui/page';
import css from './organisation.module.css';

export function RenamePanel({ organisation }: { organisation: Organisation }) {
  const rename = useRenameOrganisation(organisation.id);
  const form = useForm({
    initialValues: { name: organisation.name },
    validate: {
      name: (name) =>
        name.trim() === '' ? 'Give it a name' : name.length > 100 ? 'At most 100 characters' : null,
    },
  });
  const submit = form.onSubmit(({ name }) =>
    rename.mutate(name.trim(), {
      onSuccess: () => {
        form.resetDirty();
        notify('Organisation renamed.');
      },
      onError: (error) => form.setErrors(asProblem(error).byField),
    }),
  );
  return (
    <Panel title="Organisation" help="The name that members see">
      <form onSubmit={submit} noValidate className={css.row}>
        <TextInput label="Organisation name" {...form.getInputProps('name')} />
        <Button type="submit" variant="default" disabled={!form.isDirty()} loading={rename.isPending}>
          Rename
        </Button>
      </form>
      {rename.error && <ErrorNotice error={rename.error} />}
    </Panel>
  );
}
