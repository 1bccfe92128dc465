import { ActionIcon, Button, Menu, Table, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Ellipsis, Globe, Pencil, Plus, RefreshCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import {
  besideSuccessors,
  publishableKeysQuery,
  successors,
  useRevokePublishableKey,
} from '../../api/publishable-keys';
import type { App, PublishableKey } from '../../api/types';
import { TypedConfirm } from '../../ui/confirm';
import { CopyIcon } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { EmptyState, Mono, Panel, Tag } from '../../ui/page';
import { ReceiptDialog, type Revoked } from '../../ui/receipt';
import { WideTable } from '../../ui/table';
import { isPast, Time } from '../../ui/time';
import css from './keys.module.css';
import { PublishableKeyDialog, type Editing } from './publishable-key-dialog';
import { RotatePublishableKeyDialog } from './rotate-publishable-key';
import { Skeletons } from './secret-keys';

/** Keys that clients carry openly. */
export function PublishableKeys({ app }: { app: App }) {
  const keys = useInfiniteQuery(publishableKeysQuery(app.id));
  const revoke = useRevokePublishableKey(app.id);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [rotating, setRotating] = useState<PublishableKey | null>(null);
  const [revoking, setRevoking] = useState<PublishableKey | null>(null);
  const [revoked, setRevoked] = useState<Revoked | null>(null);
  const items = keys.data?.pages.flatMap((page) => page.items) ?? [];
  const successor = successors(items);
  const create = () => setEditing('new');

  return (
    <Panel
      flush
      title="Publishable keys"
      help="For browsers, phones and devices that speak Metered: safe to show, limited by what you name"
      actions={
        <Button variant="default" leftSection={<Plus size={15} aria-hidden />} onClick={create}>
          Create publishable key
        </Button>
      }
    >
      {keys.isPending ? (
        <Skeletons />
      ) : keys.error && items.length === 0 ? (
        <div style={{ padding: '1.125rem' }}>
          <ErrorNotice error={keys.error} onRetry={() => void keys.refetch()} />
        </div>
      ) : items.length === 0 ? (
        <EmptyState
          icon={<Globe size={20} />}
          title="No publishable keys yet"
          action={
            <Button variant="default" onClick={create}>
              Create the first one
            </Button>
          }
        >
          Clients connect with one where you have no back end to sign a token. It never opens private or
          presence channels.
        </EmptyState>
      ) : (
        <>
          <WideTable label="Publishable keys" minWidth={860}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>May</Table.Th>
                <Table.Th>On channels</Table.Th>
                <Table.Th>From</Table.Th>
                <Table.Th>Last used</Table.Th>
                <Table.Th>Expires</Table.Th>
                <Table.Th w={56}>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {besideSuccessors(items).map((item) => (
                <KeyRow
                  key={item.key}
                  item={item}
                  successor={successor.get(item.key)}
                  onEdit={() => setEditing(item)}
                  onRotate={() => setRotating(item)}
                  onRevoke={() => {
                    revoke.reset();
                    setRevoking(item);
                  }}
                />
              ))}
            </Table.Tbody>
          </WideTable>
          {keys.hasNextPage && (
            <div style={{ padding: '0.75rem', textAlign: 'center' }}>
              <Button
                variant="default"
                loading={keys.isFetchingNextPage}
                onClick={() => void keys.fetchNextPage()}
              >
                Show more
              </Button>
            </div>
          )}
        </>
      )}
      <PublishableKeyDialog app={app} editing={editing} onClose={() => setEditing(null)} />
      <RotatePublishableKeyDialog app={app} rotating={rotating} onClose={() => setRotating(null)} />
      <TypedConfirm
        opened={revoking !== null}
        onClose={() => setRevoking(null)}
        title="Revoke publishable key"
        phrase={revoking?.name ?? ''}
        action="Revoke key"
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() =>
          revoking &&
          revoke.mutate(revoking.key, {
            onSuccess: ({ receipt }) => {
              setRevoking(null);
              setRevoked({ what: `The key “${revoking.name}”`, receipt });
            },
          })
        }
      >
        Every client that connected with <Mono>{revoking?.key}</Mono> is disconnected with 4001 and cannot
        come back with it. This cannot be undone.
      </TypedConfirm>
      <ReceiptDialog revoked={revoked} onClose={() => setRevoked(null)} />
    </Panel>
  );
}

function KeyRow({
  item,
  successor,
  onEdit,
  onRotate,
  onRevoke,
}: {
  item: PublishableKey;
  /** The one that was made in its place. */
  successor: PublishableKey | undefined;
  onEdit: () => void;
  onRotate: () => void;
  onRevoke: () => void;
}) {
  const expired = item.expires_at ? isPast(item.expires_at) : false;
  const called = successor ? `${item.name}, previous key` : item.name;
  return (
    <Table.Tr data-testid="publishable-key-row" data-previous={successor ? true : undefined}>
      <Table.Td className={css.keyCell}>
        <span className={css.cellName}>{item.name}</span>
        {successor && <Tag tone="warn">previous</Tag>}
        {item.replaces && !successor && <Tag tone="good">current</Tag>}
        <br />
        <span className={css.openKey}>
          <Mono>{item.key}</Mono>
          <CopyIcon value={item.key} label={`publishable key ${called}`} />
        </span>
        {successor ? (
          <p className={css.help}>
            {expired ? (
              'Rotated; no longer taken'
            ) : item.expires_at ? (
              <>
                Rotated; taken until{' '}
                {new Date(item.expires_at).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })}
              </>
            ) : (
              'Rotated; taken until you revoke it'
            )}
          </p>
        ) : (
          item.replaces && (
            <p className={css.help}>
              In place of <Mono>{item.replaces}</Mono>
            </p>
          )
        )}
      </Table.Td>
      <Table.Td>
        <span className={css.patterns}>
          {item.actions.map((action) => (
            <Tag key={action}>{action}</Tag>
          ))}
        </span>
      </Table.Td>
      <Table.Td className={css.patternsCell}>
        <span className={css.patterns}>
          {item.channels.map((pattern) => (
            <Mono key={pattern}>{pattern}</Mono>
          ))}
        </span>
      </Table.Td>
      <Table.Td className={css.originsCell}>
        <Origins item={item} />
      </Table.Td>
      <Table.Td>{item.last_used_at ? <Time iso={item.last_used_at} /> : 'Not yet'}</Table.Td>
      <Table.Td>
        {expired ? (
          <Tag tone="warn">expired</Tag>
        ) : item.expires_at ? (
          <Time iso={item.expires_at} />
        ) : (
          'Never'
        )}
      </Table.Td>
      <Table.Td>
        <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
          <Menu.Target>
            <ActionIcon aria-label={`Actions for ${called}`}>
              <Ellipsis size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Pencil size={15} aria-hidden />} onClick={onEdit}>
              Edit…
            </Menu.Item>
            <Menu.Item leftSection={<RefreshCw size={15} aria-hidden />} onClick={onRotate}>
              Rotate…
            </Menu.Item>
            <Menu.Item
              color="var(--sb-bad)"
              leftSection={<Trash2 size={15} aria-hidden />}
              onClick={onRevoke}
            >
              Revoke…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}

function Origins({ item }: { item: PublishableKey }) {
  if (item.allowed_origins.length === 0) return <>Any page or program</>;
  return (
    <span className={css.patterns}>
      {item.allowed_origins.map((origin) => (
        <Mono key={origin}>{origin}</Mono>
      ))}
      {item.allow_no_origin && <Tag>and programs</Tag>}
    </span>
  );
}
