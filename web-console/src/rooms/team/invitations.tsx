import { Button, Table, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { MailPlus } from 'lucide-react';
import { invitationsQuery, useMay, useWithdrawInvitation } from '../../api/team';
import type { Organisation } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { notify } from '../../ui/notify';
import { EmptyState, Panel } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import { roleLabel } from './roles';

export function InvitationsPanel({
  organisation,
  onInvite,
}: {
  organisation: Organisation;
  onInvite: () => void;
}) {
  const invitations = useInfiniteQuery(invitationsQuery(organisation.id));
  const withdraw = useWithdrawInvitation(organisation.id);
  const may = useMay(organisation.id);
  return (
    <Panel flush title="Invitations" help="Sent, and not accepted yet. A link works once, for seven days">
      {withdraw.error && (
        <div className={layout.pad}>
          <ErrorNotice error={withdraw.error} />
        </div>
      )}
      <Loaded
        query={invitations}
        label="invitations"
        empty={({ pages }) =>
          pages[0]?.items.length === 0 && (
            <EmptyState
              icon={<MailPlus size={20} />}
              title="No open invitations"
              action={
                may('team.write') && (
                  <Button variant="default" onClick={onInvite}>
                    Invite somebody
                  </Button>
                )
              }
            >
              Colleagues get a mail with a link, and a role that you choose.
            </EmptyState>
          )
        }
      >
        {({ pages }) => (
          <WideTable label="Invitations" minWidth={560}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Email</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th>Sent</Table.Th>
                <Table.Th>Ends</Table.Th>
                <Table.Th w={110}>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pages
                .flatMap((page) => page.items)
                .map((invitation) => (
                  <Table.Tr key={invitation.id} data-testid="invitation-row">
                    <Table.Td>{invitation.email}</Table.Td>
                    <Table.Td>{roleLabel(invitation.role)}</Table.Td>
                    <Table.Td>
                      <Time iso={invitation.created_at} />
                    </Table.Td>
                    <Table.Td>
                      <Time iso={invitation.expires_at} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {may('team.write') && (
                        <Button
                          size="xs"
                          variant="default"
                          aria-label={`Withdraw the invitation of ${invitation.email}`}
                          loading={withdraw.isPending && withdraw.variables === invitation.id}
                          onClick={() =>
                            withdraw.mutate(invitation.id, {
                              onSuccess: () => notify('The invitation is withdrawn.'),
                            })
                          }
                        >
                          Withdraw
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
      <ShowMore query={invitations} />
    </Panel>
  );
}
