import { Button, Table, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Plus, SquareTerminal } from 'lucide-react';
import { useState } from 'react';
import { appsQuery } from '../../api/apps';
import { useSession } from '../../api/session';
import { membersQuery, tokensQuery, useMay, useRevokeToken } from '../../api/team';
import type { ManagementToken } from '../../api/types';
import { useOrganisation } from '../../frame/use-organisation';
import { TypedConfirm } from '../../ui/confirm';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { notify } from '../../ui/notify';
import { EmptyState, Mono, PageHeader, Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { isPast, Time } from '../../ui/time';
import { CreateTokenDialog } from './create-token';
import css from './tokens.module.css';

export default function Tokens() {
  const organisation = useOrganisation();
  const { user } = useSession();
  const may = useMay(organisation.id);
  const tokens = useInfiniteQuery(tokensQuery(organisation.id));
  const revoke = useRevokeToken(organisation.id);
  const apps = useQuery(appsQuery(organisation.id));
  const members = useInfiniteQuery(membersQuery(organisation.id));
  const nameOfApp = (id: string) => apps.data?.find((app) => app.id === id)?.name ?? id;
  const nameOfMaker = (id: string) => {
    if (id === user.id) return ' · made by you';
    const maker = members.data?.pages.flatMap((page) => page.items).find((one) => one.user_id === id);
    return maker ? ` · made by ${maker.name || maker.email}` : '';
  };
  const [creating, create] = useDisclosure(false);
  const [revoking, setRevoking] = useState<ManagementToken | null>(null);
  return (
    <>
      <PageHeader
        title="Management tokens"
        lede="For scripts: everything this console does is an API operation, and a token may as much of it as you choose."
        actions={
          may('tokens.write') && (
            <Button leftSection={<Plus size={15} aria-hidden />} onClick={create.open}>
              Create token
            </Button>
          )
        }
      />
      <Panel flush>
        <Loaded
          query={tokens}
          label="management tokens"
          empty={({ pages }) =>
            pages[0]?.items.length === 0 && (
              <EmptyState
                icon={<SquareTerminal size={20} />}
                title="No management tokens yet"
                action={
                  may('tokens.write') && (
                    <Button variant="default" onClick={create.open}>
                      Create the first one
                    </Button>
                  )
                }
              >
                Give each script its own, with no more permissions than it needs.
              </EmptyState>
            )
          }
        >
          {({ pages }) => (
            <WideTable label="Management tokens" minWidth={760}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>May</Table.Th>
                  <Table.Th>Apps</Table.Th>
                  <Table.Th>Last used</Table.Th>
                  <Table.Th>Expires</Table.Th>
                  <Table.Th w={100}>
                    <VisuallyHidden>Actions</VisuallyHidden>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {pages
                  .flatMap((page) => page.items)
                  .map((token) => (
                    <Table.Tr key={token.id} data-testid="token-row">
                      <Table.Td>
                        <span className={layout.cellName}>{token.name}</span>
                        <br />
                        <span className={layout.sub}>
                          <Mono>{`mt_sbx_${token.id}…`}</Mono>
                          {nameOfMaker(token.made_by)}
                        </span>
                      </Table.Td>
                      <Table.Td>
                        <span className={css.permissions}>
                          {token.permissions.map((permission) => (
                            <Tag key={permission}>{permission}</Tag>
                          ))}
                        </span>
                      </Table.Td>
                      <Table.Td>{token.apps ? token.apps.map(nameOfApp).join(', ') : 'All'}</Table.Td>
                      <Table.Td>
                        {token.last_used_at ? <Time iso={token.last_used_at} /> : 'Not yet'}
                      </Table.Td>
                      <Table.Td>
                        {!token.expires_at ? (
                          'Never'
                        ) : isPast(token.expires_at) ? (
                          <Tag tone="warn">expired</Tag>
                        ) : (
                          <Time iso={token.expires_at} />
                        )}
                      </Table.Td>
                      <Table.Td ta="right">
                        {(may('tokens.write') || token.made_by === user.id) && (
                          <Button
                            size="xs"
                            variant="default"
                            aria-label={`Revoke ${token.name}`}
                            onClick={() => {
                              revoke.reset();
                              setRevoking(token);
                            }}
                          >
                            Revoke…
                          </Button>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </WideTable>
          )}
        </Loaded>
        <ShowMore query={tokens} />
      </Panel>
      <CreateTokenDialog organisation={organisation} opened={creating} onClose={create.close} />
      <TypedConfirm
        opened={revoking !== null}
        onClose={() => setRevoking(null)}
        title="Revoke management token"
        phrase={revoking?.name ?? ''}
        action="Revoke token"
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() =>
          revoking &&
          revoke.mutate(revoking.id, {
            onSuccess: () => {
              setRevoking(null);
              notify(`${revoking.name} is revoked: its next request is refused.`);
            },
          })
        }
      >
        Scripts that use it are refused from their next request on. This cannot be undone.
      </TypedConfirm>
    </>
  );
}
