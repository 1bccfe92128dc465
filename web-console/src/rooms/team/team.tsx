import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { UserRoundPlus } from 'lucide-react';
import { useMay } from '../../api/team';
import { useOrganisation } from '../../frame/use-organisation';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page';
import { InvitationsPanel } from './invitations';
import { InviteDialog } from './invite';
import { MembersPanel } from './members';
import { RolesPanel } from './roles-panel';

export default function Team() {
  const organisation = useOrganisation();
  const may = useMay(organisation.id);
  const [inviting, invite] = useDisclosure(false);
  return (
    <>
      <PageHeader
        title="Team"
        lede={`Who works in ${organisation.name}, and what they may do.`}
        actions={
          may('team.write') && (
            <Button leftSection={<UserRoundPlus size={15} aria-hidden />} onClick={invite.open}>
              Invite
            </Button>
          )
        }
      />
      <div className={layout.stack}>
        <MembersPanel organisation={organisation} />
        <InvitationsPanel organisation={organisation} onInvite={invite.open} />
        <RolesPanel />
      </div>
      <InviteDialog organisation={organisation} opened={inviting} onClose={invite.close} />
    </>
  );
}
