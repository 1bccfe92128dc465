import { Button, Menu, ActionIcon, Skeleton, Table, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Ellipsis, KeyRound, Pencil, PenLine, Plus, RefreshCw, TimerOff, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { keysQuery, useCreateTokenSecret, useEndPreviousToken, useRevokeKey } from '../../api/keys';
import { uuid } from '../../api/random';
import type { App, SecretKey } from '../../api/types';
import { TypedConfirm } from '../../ui/confirm';
import { ErrorNotice } from '../../ui/errors';
import { EmptyState, Mono, Panel, Tag } from '../../ui/page';
import { isPast, Time } from '../../ui/time';
import { EditKeyDialog } from './edit-key';
import css from './keys.module.css';
import { RotateKeyDialog } from './rotate';
import { ReceiptDialog, type Revoked } from '../../ui/receipt';
import { WideTable } from '../../ui/table';
import { SigningSecretDialog, type ShownSigning } from './signing-secret';

export function SecretKeys({ app, onCreate }: { app: App; onCreate: () => void }) {
  const keys = useInfiniteQuery(keysQuery(app.id));
  const revoke = useRevokeKey(app.id);
  const [revoking, setRevoking] = useState<SecretKey | null>(null);
  const [revoked, setRevoked] = useState<Revoked | null>(null);
  const sign = useCreateTokenSecret(app.id);
  const [replacing, setReplacing] = useState<SecretKey | null>(null);
  const [shown, setShown] = useState<ShownSigning | null>(null);
  const [editing, setEditing] = useState<SecretKey | null>(null);
  const [rotating, setRotating] = useState<SecretKey | null>(null);
  const endPrevious = useEndPreviousToken(app.id);
  const makeSecret = ({ id, name }: SecretKey) =>
    sign.mutate(
      { id, idempotencyKey: uuid() },
      {
        onSuccess: (signing) => {
          setReplacing(null);
          setShown({ keyId: id, name, signing });
        },
      },
    );
  const items = keys.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <Panel
      flush
      title="Secret keys"
      help="For back ends and workers: Bearer keys that may do only what you name"
      actions={
        <Button leftSection={<Plus size={15} aria-hidden />} onClick={onCreate}>
          Create secret key
        </Button>
      }
    >
      {!replacing && (sign.error ?? endPrevious.error) && (
        <div style={{ padding: '1.125rem' }}>
          <ErrorNotice error={sign.error ?? endPrevious.error} />
        </div>
      )}
      {keys.isPending ? (
        <Skeletons />
      ) : keys.error && items.length === 0 ? (
        <div style={{ padding: '1.125rem' }}>
          <ErrorNotice error={keys.error} onRetry={() => void keys.refetch()} />
        </div>
      ) : items.length === 0 ? (
        <EmptyState
          icon={<KeyRound size={20} />}
          title="No secret keys yet"
          action={
            <Button variant="default" onClick={onCreate}>
              Create the first one
            </Button>
          }
        >
          Give each service a key of its own, with no more rights than it needs. Revoking one leaves the
          others alone.
        </EmptyState>
      ) : (
        <>
          <WideTable label="Secret keys" minWidth={760}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>May</Table.Th>
                <Table.Th>On channels</Table.Th>
                <Table.Th>Last used</Table.Th>
                <Table.Th>Expires</Table.Th>
                <Table.Th w={56}>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((key) => (
                <KeyRow
                  key={key.id}
                  item={key}
                  onEdit={() => setEditing(key)}
                  onRotate={() => setRotating(key)}
                  onEndPrevious={() =>
                    endPrevious.mutate(key.id, {
                      onSuccess: ({ receipt }) =>
                        setRevoked({ what: `The previous token of “${key.name}”`, receipt }),
                    })
                  }
                  onSign={() => {
                    sign.reset();
                    if (key.token_secret_at) setReplacing(key);
                    else makeSecret(key);
                  }}
                  onRevoke={() => {
                    revoke.reset();
                    setRevoking(key);
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
      <TypedConfirm
        opened={revoking !== null}
        onClose={() => setRevoking(null)}
        title="Revoke secret key"
        phrase={revoking?.name ?? ''}
        action="Revoke key"
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() =>
          revoking &&
          revoke.mutate(revoking.id, {
            onSuccess: ({ receipt }) => {
              setRevoking(null);
              setRevoked({ what: `The key “${revoking.name}”`, receipt });
            },
          })
        }
      >
        Requests with this key are refused within a second, and its open sockets are closed. This cannot be
        undone.
      </TypedConfirm>
      <TypedConfirm
        opened={replacing !== null}
        onClose={() => setReplacing(null)}
        title="Replace signing secret"
        phrase={replacing?.name ?? ''}
        action="Replace secret"
        busy={sign.isPending}
        error={sign.error}
        onConfirm={() => replacing && makeSecret(replacing)}
      >
        Tokens that were signed with the present secret are refused from then on, and so is the old pair. To
        change over without a gap, create a second key and move to it first. The key’s own token stays valid.
      </TypedConfirm>
      <EditKeyDialog app={app} editing={editing} onClose={() => setEditing(null)} />
      <RotateKeyDialog app={app} rotating={rotating} onClose={() => setRotating(null)} />
      <SigningSecretDialog shown={shown} onClose={() => setShown(null)} />
      <ReceiptDialog revoked={revoked} onClose={() => setRevoked(null)} />
    </Panel>
  );
}

function KeyRow({
  item,
  onEdit,
  onRotate,
  onEndPrevious,
  onSign,
  onRevoke,
}: {
  item: SecretKey;
  onEdit: () => void;
  onRotate: () => void;
  onEndPrevious: () => void;
  onSign: () => void;
  onRevoke: () => void;
}) {
  const expired = item.expires_at ? isPast(item.expires_at) : false;
  return (
    <Table.Tr data-testid="key-row">
      <Table.Td>
        <span className={css.cellName}>{item.name}</span>
        {item.token_secret_at && <Tag tone="info">signs tokens</Tag>}
        <br />
        <span style={{ color: 'var(--sb-text-3)', whiteSpace: 'nowrap' }}>
          <Mono>{item.id.startsWith('sk_id_') ? item.id : `sk_sbx_${item.id}…`}</Mono>
        </span>
        <KeyLimits item={item} />
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
            <ActionIcon aria-label={`Actions for ${item.name}`}>
              <Ellipsis size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Pencil size={15} aria-hidden />} onClick={onEdit}>
              Edit…
            </Menu.Item>
            {!item.id.startsWith('sk_id_') && (
              <Menu.Item leftSection={<RefreshCw size={15} aria-hidden />} onClick={onRotate}>
                Rotate token…
              </Menu.Item>
            )}
            {item.previous && (
              <Menu.Item leftSection={<TimerOff size={15} aria-hidden />} onClick={onEndPrevious}>
                End the previous token now
              </Menu.Item>
            )}
            <Menu.Item leftSection={<PenLine size={15} aria-hidden />} onClick={onSign}>
              {item.token_secret_at ? 'Replace signing secret…' : 'Create signing secret'}
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

/** What else holds for the key, where anything does. */
function KeyLimits({ item }: { item: SecretKey }) {
  const { previous, max_publishes_per_s: rate, allowed_addresses: addresses } = item;
  const told = [
    rate ? `${rate.toLocaleString('en')} publishes per second` : null,
    addresses.length ? `only from ${addresses.join(', ')}` : null,
  ].filter(Boolean);
  return (
    <>
      {told.length > 0 && <p className={css.help}>{told.join(' · ')}</p>}
      {previous && (
        <p className={css.help}>
          <Tag tone="info">rotated</Tag> the previous token ends <Time iso={previous.expires_at} />
          {previous.last_used_at ? (
            <>
              , last used <Time iso={previous.last_used_at} />
            </>
          ) : (
            ', and nothing has used it since'
          )}
        </p>
      )}
    </>
  );
}

export function Skeletons() {
  return (
    <div style={{ padding: '0.75rem 1.125rem' }} role="status" aria-label="Loading">
      {[82, 64, 73].map((width) => (
        <Skeleton key={width} h={18} w={`${width}%`} my={16} />
      ))}
    </div>
  );
}
