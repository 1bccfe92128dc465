import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useDeleteOrganisation } from '../../api/organisations';
import { useMay } from '../../api/team';
import type { Organisation } from '../../api/types';
import { useOrganisation } from '../../frame/use-organisation';
import { TypedConfirm } from '../../ui/confirm';
import { CopyField } from '../../ui/copy';
import layout from '../../ui/layout.module.css';
import { PageHeader, Panel } from '../../ui/page';
import { RenamePanel } from './rename';

export default function OrganisationSettings() {
  const organisation = useOrganisation();
  const may = useMay(organisation.id);
  return (
    <>
      <PageHeader title="Organisation" lede={`${organisation.name}: its name, and its end.`} />
      <div className={`${layout.stack} ${layout.narrow}`} key={organisation.id}>
        <RenamePanel organisation={organisation} />
        <Panel title="For scripts">
          <CopyField label="Organisation id" value={organisation.id} />
        </Panel>
        {may('organisation.delete') && !organisation.deleting_at && (
          <DeletePanel organisation={organisation} />
        )}
      </div>
    </>
  );
}

function DeletePanel({ organisation }: { organisation: Organisation }) {
  const remove = useDeleteOrganisation(organisation.id);
  const [opened, dialog] = useDisclosure(false);
  return (
    <Panel title="Delete this organisation" className={layout.danger}>
      <div className={layout.row}>
        <p>
          Its apps are switched off at once. For 30 days you can bring it back; then apps, keys and team go
          for good. Invoices are kept as the law wants it.
        </p>
        <Button
          color="red"
          onClick={() => {
            remove.reset();
            dialog.open();
          }}
        >
          Delete organisation…
        </Button>
      </div>
      <TypedConfirm
        opened={opened}
        onClose={dialog.close}
        title="Delete organisation"
        phrase={organisation.name}
        action="Delete organisation"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(undefined, { onSuccess: dialog.close })}
      >
        All apps of {organisation.name} stop now: clients are disconnected and requests refused. It can be
        restored for 30 days.
      </TypedConfirm>
    </Panel>
  );
}
