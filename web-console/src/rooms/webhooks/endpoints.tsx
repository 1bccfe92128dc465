import { ActionIcon, Button, Menu, Table, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { CirclePause, CirclePlay, Ellipsis, Pencil, Plus, Send, Trash2, Webhook } from 'lucide-react';
import { useState } from 'react';
import { endpointsQuery, usePatchEndpoint, type Endpoint, type Owner } from '../../api/webhooks';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, PageHeader, Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import { eventsFor, eventsInWords } from '../../webhooks/events';
import { formLabel } from '../../webhooks/forms';
import { countUpTo } from '../../webhooks/health';
import { hostOf } from '../../webhooks/url';
import { DeleteEndpoint } from './delete';
import { EndpointDialog } from './endpoint-dialog';
import { HealthLine } from './health';
import { EndpointLink } from './links';
import { ListenPanel } from './listen';
import { TestDialog } from './send-test';
import css from './webhooks.module.css';

type Open = { what: 'edit' | 'test' | 'delete'; endpoint: Endpoint } | null;

export function EndpointsPage({
  owner,
  name,
  mayChange,
  creating,
  onCreating,
}: {
  owner: Owner;
  name: string;
  mayChange: boolean;
  creating: boolean;
  onCreating: (creating: boolean) => void;
}) {
  const endpoints = useInfiniteQuery(endpointsQuery(owner));
  const patch = usePatchEndpoint(owner);
  const [open, setOpen] = useState<Open>(null);
  // Kept while the dialog closes, so that it does not turn into another one under the reader's eyes.
  const [edited, setEdited] = useState<Endpoint | null>(null);
  const isOfApp = owner.of === 'apps';
  const add = mayChange && (
    <Button leftSection={<Plus size={15} aria-hidden />} onClick={() => onCreating(true)}>
      Add endpoint
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Webhooks"
        lede={
          isOfApp
            ? `What happens on the channels of ${name}, told to your own servers: signed, in order, at least once.`
            : `What concerns ${name}, told to your own servers: quotas, revoked keys, invoices.`
        }
        actions={add}
      />
      <div className={layout.stack}>
        {patch.error && <ErrorNotice error={patch.error} />}
        <Panel flush>
          <Loaded
            query={endpoints}
            label="endpoints"
            empty={({ pages }) =>
              pages[0]?.items.length === 0 && (
                <EmptyState
                  icon={<Webhook size={20} />}
                  title="No endpoint yet"
                  action={
                    mayChange && (
                      <Button variant="default" onClick={() => onCreating(true)}>
                        Add the first one
                      </Button>
                    )
                  }
                >
                  {isOfApp
                    ? 'Add the address of your server, and hear of channels that fill and empty, members that come and go, and what clients send. To look first, listen in your terminal.'
                    : 'Add the address of your server, and hear of it before a quota is used up, when a key is revoked and when an invoice is due.'}
                </EmptyState>
              )
            }
          >
            {({ pages }) => (
              <EndpointsTable
                owner={owner}
                items={pages.flatMap((page) => page.items)}
                mayChange={mayChange}
                onOpen={(next) => {
                  if (next?.what === 'edit') setEdited(next.endpoint);
                  setOpen(next);
                }}
                onEnable={(endpoint) =>
                  patch.mutate({ id: endpoint.id, patch: { enabled: !endpoint.enabled } })
                }
              />
            )}
          </Loaded>
          <ShowMore query={endpoints} />
        </Panel>
        {isOfApp && <ListenPanel app={owner.id} />}
      </div>
      <EndpointDialog
        owner={owner}
        opened={creating || open?.what === 'edit'}
        endpoint={creating ? null : edited}
        onClose={() => {
          if (creating) setEdited(null);
          onCreating(false);
          setOpen(null);
        }}
      />
      <TestDialog
        owner={owner}
        endpoint={open?.what === 'test' ? open.endpoint : null}
        onClose={() => setOpen(null)}
      />
      <DeleteEndpoint
        owner={owner}
        endpoint={open?.what === 'delete' ? open.endpoint : null}
        onClose={() => setOpen(null)}
      />
    </>
  );
}

function EndpointsTable({
  owner,
  items,
  mayChange,
  onOpen,
  onEnable,
}: {
  owner: Owner;
  items: Endpoint[];
  mayChange: boolean;
  onOpen: (open: Open) => void;
  onEnable: (endpoint: Endpoint) => void;
}) {
  return (
    <WideTable label="Endpoints" minWidth={760}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Endpoint</Table.Th>
          <Table.Th>Health</Table.Th>
          <Table.Th>Hears of</Table.Th>
          <Table.Th ta="right">Waiting</Table.Th>
          <Table.Th>Last taken</Table.Th>
          {mayChange && (
            <Table.Th w={56}>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          )}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((endpoint) => {
          const { stats } = endpoint;
          return (
            <Table.Tr key={endpoint.id} data-testid="endpoint-row">
              <Table.Td className={css.endpointCell}>
                <EndpointLink owner={owner} id={endpoint.id} className={css.endpointLink}>
                  {endpoint.description || hostOf(endpoint.url)}
                </EndpointLink>
                <span className={css.url}>{endpoint.url}</span>
              </Table.Td>
              <Table.Td>
                <HealthLine endpoint={endpoint} />
              </Table.Td>
              <Table.Td>
                <Tag>{formLabel(endpoint.form)}</Tag>
                <span className={css.sub}>
                  {eventsInWords(endpoint.events, eventsFor(owner.of, endpoint.form))}
                  {endpoint.channels.length > 0 &&
                    `, on ${endpoint.channels.length === 1 ? endpoint.channels[0] : `${endpoint.channels.length} patterns`}`}
                </span>
              </Table.Td>
              <Table.Td className={layout.number}>
                {countUpTo(stats.pending)}
                {stats.dead > 0 && <span className={css.dead}>{countUpTo(stats.dead)} dead</span>}
              </Table.Td>
              <Table.Td className={css.nowrap}>
                {stats.last_success_at ? <Time iso={stats.last_success_at} /> : 'Not yet'}
              </Table.Td>
              {mayChange && (
                <Table.Td>
                  <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
                    <Menu.Target>
                      <ActionIcon aria-label={`Actions for ${endpoint.description || hostOf(endpoint.url)}`}>
                        <Ellipsis size={16} aria-hidden />
                      </ActionIcon>
                    </Menu.Target>
                    <Menu.Dropdown>
                      <Menu.Item
                        leftSection={<Send size={15} aria-hidden />}
                        onClick={() => onOpen({ what: 'test', endpoint })}
                      >
                        Send test…
                      </Menu.Item>
                      <Menu.Item
                        leftSection={<Pencil size={15} aria-hidden />}
                        onClick={() => onOpen({ what: 'edit', endpoint })}
                      >
                        Edit…
                      </Menu.Item>
                      <Menu.Item
                        leftSection={
                          endpoint.enabled ? (
                            <CirclePause size={15} aria-hidden />
                          ) : (
                            <CirclePlay size={15} aria-hidden />
                          )
                        }
                        onClick={() => onEnable(endpoint)}
                      >
                        {endpoint.enabled ? 'Disable' : 'Enable'}
                      </Menu.Item>
                      <Menu.Item
                        color="var(--sb-bad)"
                        leftSection={<Trash2 size={15} aria-hidden />}
                        onClick={() => onOpen({ what: 'delete', endpoint })}
                      >
                        Delete…
                      </Menu.Item>
                    </Menu.Dropdown>
                  </Menu>
                </Table.Td>
              )}
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </WideTable>
  );
}
