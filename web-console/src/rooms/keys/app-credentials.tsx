import { ActionIcon, Button, Group, Menu, Table, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { CalendarClock, Ellipsis, Import, KeySquare, Plus, RefreshCw, TimerOff, Trash2 } from 'lucide-react';
import { useState } from 'react';
import {
  credentialsQuery,
  useEndPreviousSecret,
  useMintCredential,
  useRevokeCredential,
} from '../../api/apps';
import { uuid } from '../../api/random';
import type { App, Credential, NewCredential } from '../../api/types';
import { TypedConfirm } from '../../ui/confirm';
import { CopyIcon } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { ShowMore } from '../../ui/more';
import { EmptyState, Mono, Panel, Tag } from '../../ui/page';
import { ReceiptDialog, type Revoked } from '../../ui/receipt';
import { WideTable } from '../../ui/table';
import { isPast, Time } from '../../ui/time';
import { ImportPairDialog } from './import-pair';
import css from './keys.module.css';
import { MintedPairDialog } from './minted-pair';
import { PairExpiryDialog } from './pair-expiry';
import { RotateCredentialDialog } from './rotate';
import { Skeletons } from './secret-keys';

/** The key and secret pairs that the SDKs sign with. */
export function AppCredentials({ app }: { app: App }) {
  const credentials = useInfiniteQuery(credentialsQuery(app.id));
  const mint = useMintCredential(app.id);
  const revoke = useRevokeCredential(app.id);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const [importing, bringing] = useDisclosure(false);
  const [minted, setMinted] = useState<NewCredential | null>(null);
  const [revoking, setRevoking] = useState<string | null>(null);
  const [revoked, setRevoked] = useState<Revoked | null>(null);
  const [rotating, setRotating] = useState<string | null>(null);
  const [changing, setChanging] = useState<Credential | null>(null);
  const endPrevious = useEndPreviousSecret(app.id);
  const items = credentials.data?.pages.flatMap((page) => page.items) ?? [];
  const error = mint.error ?? endPrevious.error;

  return (
    <Panel
      flush
      title="App credentials"
      help="Key and secret for the SDKs: clients connect with the key, back ends sign with the secret"
      actions={
        <Group gap="xs">
          <Button variant="default" leftSection={<Import size={15} aria-hidden />} onClick={bringing.open}>
            Bring a pair along
          </Button>
          <Button
            variant="default"
            leftSection={<Plus size={15} aria-hidden />}
            loading={mint.isPending}
            onClick={() =>
              mint.mutate(
                { idempotencyKey },
                {
                  onSuccess: ({ credential }) => {
                    setMinted(credential);
                    setIdempotencyKey(uuid());
                  },
                },
              )
            }
          >
            Mint a new pair
          </Button>
        </Group>
      }
    >
      {error && (
        <div className={layout.pad}>
          <ErrorNotice error={error} />
        </div>
      )}
      {credentials.isPending ? (
        <Skeletons />
      ) : credentials.error && items.length === 0 ? (
        <div className={layout.pad}>
          <ErrorNotice error={credentials.error} onRetry={() => void credentials.refetch()} />
        </div>
      ) : items.length === 0 ? (
        <EmptyState icon={<KeySquare size={20} />} title="No active pair">
          No client can connect until you mint one.
        </EmptyState>
      ) : (
        <WideTable label="App credentials" minWidth={680}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Key</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th>Expires</Table.Th>
              <Table.Th w={56}>
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((item) => (
              <PairRow
                key={item.key}
                item={item}
                onRotate={() => setRotating(item.key)}
                onExpiry={() => setChanging(item)}
                onEndPrevious={() =>
                  endPrevious.mutate(item.key, {
                    onSuccess: ({ receipt }) =>
                      setRevoked({ what: `The previous secret of ${item.key}`, receipt }),
                  })
                }
                onRevoke={() => {
                  revoke.reset();
                  setRevoking(item.key);
                }}
              />
            ))}
          </Table.Tbody>
        </WideTable>
      )}
      <ShowMore query={credentials} />
      <MintedPairDialog minted={minted} onClose={() => setMinted(null)} />
      <ImportPairDialog app={app} opened={importing} onClose={bringing.close} />
      <PairExpiryDialog app={app} changing={changing} onClose={() => setChanging(null)} />
      <TypedConfirm
        opened={revoking !== null}
        onClose={() => setRevoking(null)}
        title="Revoke app credentials"
        phrase={revoking ?? ''}
        action="Revoke credentials"
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() =>
          revoking &&
          revoke.mutate(revoking, {
            onSuccess: ({ receipt }) => {
              setRevoking(null);
              setRevoked({ what: `The key ${revoking}`, receipt });
            },
          })
        }
      >
        {items.length === 1 && (
          <p style={{ marginTop: 0 }}>
            <strong>This is the app’s last active pair.</strong> No client can connect and no SDK can publish
            until you mint another.
          </p>
        )}
        Every client connected with this key is disconnected, and requests signed with its secret are refused.
        Mint a new pair and move your clients first. This cannot be undone.
      </TypedConfirm>
      <RotateCredentialDialog app={app} rotating={rotating} onClose={() => setRotating(null)} />
      <ReceiptDialog revoked={revoked} onClose={() => setRevoked(null)} />
    </Panel>
  );
}

function PairRow({
  item,
  onRotate,
  onExpiry,
  onEndPrevious,
  onRevoke,
}: {
  item: Credential;
  onRotate: () => void;
  onExpiry: () => void;
  onEndPrevious: () => void;
  onRevoke: () => void;
}) {
  const { previous } = item;
  return (
    <Table.Tr data-testid="credential-row">
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          <Mono>{item.key}</Mono>
          <CopyIcon value={item.key} label={`key ${item.key}`} />
        </Group>
        {previous && (
          <p className={css.help}>
            <Tag tone="info">rotated</Tag> the previous secret ends <Time iso={previous.expires_at} />
            {previous.last_used_at ? (
              <>
                , last used <Time iso={previous.last_used_at} />
              </>
            ) : (
              ', and nothing has used it since'
            )}
          </p>
        )}
      </Table.Td>
      <Table.Td>
        <Time iso={item.created_at} />
      </Table.Td>
      <Table.Td>{item.last_used_at ? <Time iso={item.last_used_at} /> : 'Not yet'}</Table.Td>
      <Table.Td>
        {!item.expires_at ? (
          'Never'
        ) : isPast(item.expires_at) ? (
          <Tag tone="warn">expired</Tag>
        ) : (
          <Time iso={item.expires_at} />
        )}
      </Table.Td>
      <Table.Td>
        <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
          <Menu.Target>
            <ActionIcon aria-label={`Actions for ${item.key}`}>
              <Ellipsis size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<RefreshCw size={15} aria-hidden />} onClick={onRotate}>
              Rotate the secret…
            </Menu.Item>
            {previous && (
              <Menu.Item leftSection={<TimerOff size={15} aria-hidden />} onClick={onEndPrevious}>
                End the previous secret now
              </Menu.Item>
            )}
            <Menu.Item leftSection={<CalendarClock size={15} aria-hidden />} onClick={onExpiry}>
              Change when it ends…
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
