import { useNavigate } from '@tanstack/react-router';
import { useRefreshOrganisations } from '../../api/organisations';
import { useSession } from '../../api/session';
import { useRemoveMember, useTransfer } from '../../api/team';
import type { Member, Organisation } from '../../api/types';
import { TypedConfirm } from '../../ui/confirm';
import { notify } from '../../ui/notify';

export function RemoveDialog({
  organisation,
  member,
  onClose,
}: {
  organisation: Organisation;
  member: Member | null;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const { user } = useSession();
  const remove = useRemoveMember(organisation.id);
  const refreshAll = useRefreshOrganisations();
  const refresh = useRefreshOrganisations(organisation.id);
  const leaves = member?.user_id === user.id;
  const close = () => {
    remove.reset();
    onClose();
  };
  const done = async () => {
    close();
    if (!leaves) {
      notify(`${member?.email} is not a member any more.`);
      return refresh();
    }
    await navigate({ to: '/account' });
    notify(`You have left ${organisation.name}.`);
    return refreshAll();
  };
  return (
    <TypedConfirm
      opened={member !== null}
      onClose={close}
      title={leaves ? `Leave ${organisation.name}` : 'Remove a member'}
      phrase={leaves ? organisation.name : (member?.email ?? '')}
      action={leaves ? 'Leave' : 'Remove'}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => member && remove.mutate(member.user_id, { onSuccess: () => void done() })}
    >
      {leaves
        ? 'You lose access to its apps at once. Management tokens that you made stop working.'
        : `${member?.email} loses access to all apps at once. Management tokens that they made stop working.`}
    </TypedConfirm>
  );
}

export function TransferDialog({
  organisation,
  heir,
  onClose,
}: {
  organisation: Organisation;
  heir: Member | null;
  onClose: () => void;
}) {
  const transfer = useTransfer(organisation.id);
  const close = () => {
    transfer.reset();
    onClose();
  };
  return (
    <TypedConfirm
      opened={heir !== null}
      onClose={close}
      title="Hand the organisation over"
      phrase={heir?.email ?? ''}
      action="Hand it over"
      busy={transfer.isPending}
      error={transfer.error}
      onConfirm={() =>
        heir &&
        transfer.mutate(heir.user_id, {
          onSuccess: () => {
            close();
            notify(`${heir.email} owns ${organisation.name} now. You are an admin.`);
          },
        })
      }
    >
      {heir?.name || heir?.email} becomes owner of {organisation.name}, and you become admin. Only an owner
      can give it back to you.
    </TypedConfirm>
  );
}
