import { ActionIcon, Menu, Select, Table, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Crown, Ellipsis, LogOut, UserRoundX } from 'lucide-react';
import { useState } from 'react';
import { useSession } from '../../api/session';
import { membersQuery, permissionsQuery, useChangeRole, useMay } from '../../api/team';
import type { Member, Organisation } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { notify } from '../../ui/notify';
import { Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import { RemoveDialog, TransferDialog } from './member-dialogs';
import { givableRoles, roleLabel } from './roles';
import { useSeats } from './seats';

const nameOf = (member: Member) => member.name || member.email;

export function MembersPanel({ organisation }: { organisation: Organisation }) {
  const members = useInfiniteQuery(membersQuery(organisation.id));
  const permissions = useQuery(permissionsQuery);
  const change = useChangeRole(organisation.id);
  const may = useMay(organisation.id);
  const seats = useSeats(organisation.id);
  const { user } = useSession();
  const [removing, setRemoving] = useState<Member | null>(null);
  const [heir, setHeir] = useState<Member | null>(null);
  const givable = givableRoles(organisation.role, permissions.data?.roles ?? []);
  return (
    <Panel flush title="Members" help={seats}>
      {change.error && (
        <div className={layout.pad}>
          <ErrorNotice error={change.error} />
        </div>
      )}
      <Loaded query={members} label="members">
        {({ pages }) => (
          <WideTable label="Members" minWidth={600}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Who</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th>Since</Table.Th>
                <Table.Th w={56}>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pages
                .flatMap((page) => page.items)
                .map((member) => {
                  const isMe = member.user_id === user.id;
                  const changeable = may('team.write') && givable.includes(member.role);
                  return (
                    <Table.Tr key={member.user_id} data-testid="member-row">
                      <Table.Td>
                        <span className={layout.cellName}>{nameOf(member)}</span>{' '}
                        {isMe && <Tag tone="accent">you</Tag>}
                        {member.name && (
                          <>
                            <br />
                            <span className={layout.sub}>{member.email}</span>
                          </>
                        )}
                      </Table.Td>
                      <Table.Td>
                        {changeable ? (
                          <Select
                            aria-label={`Role of ${nameOf(member)}`}
                            size="xs"
                            w={130}
                            allowDeselect={false}
                            data={givable.map((role) => ({ value: role, label: roleLabel(role) }))}
                            value={member.role}
                            disabled={change.isPending}
                            onChange={(role) => {
                              const wanted = givable.find((one) => one === role);
                              if (!wanted || wanted === member.role) return;
                              change.mutate(
                                { user: member.user_id, role: wanted },
                                {
                                  onSuccess: () =>
                                    notify(`${nameOf(member)} is now ${roleLabel(wanted).toLowerCase()}.`),
                                },
                              );
                            }}
                          />
                        ) : (
                          roleLabel(member.role)
                        )}
                      </Table.Td>
                      <Table.Td>
                        <Time iso={member.joined_at} />
                      </Table.Td>
                      <Table.Td>
                        {(isMe || changeable) && (
                          <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
                            <Menu.Target>
                              <ActionIcon aria-label={`Actions for ${nameOf(member)}`}>
                                <Ellipsis size={16} aria-hidden />
                              </ActionIcon>
                            </Menu.Target>
                            <Menu.Dropdown>
                              {!isMe && may('organisation.delete') && (
                                <Menu.Item
                                  leftSection={<Crown size={15} aria-hidden />}
                                  onClick={() => setHeir(member)}
                                >
                                  Hand the organisation over…
                                </Menu.Item>
                              )}
                              <Menu.Item
                                color="var(--sb-bad)"
                                leftSection={
                                  isMe ? (
                                    <LogOut size={15} aria-hidden />
                                  ) : (
                                    <UserRoundX size={15} aria-hidden />
                                  )
                                }
                                onClick={() => setRemoving(member)}
                              >
                                {isMe ? 'Leave…' : 'Remove…'}
                              </Menu.Item>
                            </Menu.Dropdown>
                          </Menu>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  );
                })}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
      <ShowMore query={members} />
      <RemoveDialog organisation={organisation} member={removing} onClose={() => setRemoving(null)} />
      <TransferDialog organisation={organisation} heir={heir} onClose={() => setHeir(null)} />
    </Panel>
  );
}
