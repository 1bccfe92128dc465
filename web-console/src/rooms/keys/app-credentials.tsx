import { Button, Group, Modal, Stack, Table, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { KeySquare, Plus, TriangleAlert } from 'lucide-react';
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
import { CopyField, CopyIcon } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { EmptyState, Mono, Notice, Panel } from '../../ui/page';
import { Time } from '../../ui/time';
import css from './keys.module.css';
import { ReceiptDialog, type Revoked } from '../../ui/receipt';
import { RotateCredentialDialog } from './rotate';
import { Skeletons } from './secret-keys';
import { WideTable } from '../../ui/table';

/** The key and secret pairs that the SDKs sign with. */
export function AppCredentials({ app }: { app: App }) {
  const credentials = useInfiniteQuery(credentialsQuery(app.id));
  const mint = useMintCredential(app.id);
  const revoke = useRevokeCredential(app.id);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const [minted, setMinted] = useState<NewCredential | null>(null);
  const [revoking, setRevoking] = useState<string | null>(null);
  const [revoked, setRevoked] = useState<Revoked | null>(null);
  const [rotating, setRotating] = useState<string | null>(null);
  const endPrevious = useEndPreviousSecret(app.id);
  const items = credentials.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <Panel
      flush
      title="App credentials"
      help="Key and secret for the SDKs: clients connect with the key, back ends sign with the secret"
      actions={
        <Button
          variant="default"
          leftSection={<Plus size={15} aria-hidden />}
          loading={mint.isPending}
          onClick={() =>
            mint.mutate(idempotencyKey, {
              onSuccess: ({ credential }) => {
                setMinted(credential);
                setIdempotencyKey(uuid());
              },
            })
          }
        >
          Mint a new pair
        </Button>
      }
    >
      {(mint.error ?? endPrevious.error) && (
        <div style={{ padding: '1.125rem' }}>
          <ErrorNotice error={mint.error ?? endPrevious.error} />
        </div>
      )}
      {credentials.isPending ? (
        <Skeletons />
      ) : credentials.error && items.length === 0 ? (
        <div style={{ padding: '1.125rem' }}>
          <ErrorNotice error={credentials.error} onRetry={() => void credentials.refetch()} />
        </div>
      ) : items.length === 0 ? (
        <EmptyState icon={<KeySquare size={20} />} title="No active pair">
          No client can connect until you mint one.
        </EmptyState>
      ) : (
        <WideTable label="App credentials" minWidth={620}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Key</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th w={180}>
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((item) => (
              <Table.Tr key={item.key} data-testid="credential-row">
                <Table.Td>
                  <Group gap={4} wrap="nowrap">
                    <Mono>{item.key}</Mono>
                    <CopyIcon value={item.key} label={`key ${item.key}`} />
                  </Group>
                  <PreviousSecretLine
                    item={item}
                    busy={endPrevious.isPending}
                    onEnd={() =>
                      endPrevious.mutate(item.key, {
                        onSuccess: ({ receipt }) =>
                          setRevoked({ what: `The previous secret of ${item.key}`, receipt }),
                      })
                    }
                  />
                </Table.Td>
                <Table.Td>
                  <Time iso={item.created_at} />
                </Table.Td>
                <Table.Td>{item.last_used_at ? <Time iso={item.last_used_at} /> : 'Not yet'}</Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={`Rotate the secret of ${item.key}`}
                    onClick={() => setRotating(item.key)}
                  >
                    Rotate…
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    color="var(--sb-bad)"
                    aria-label={`Revoke ${item.key}`}
                    onClick={() => {
                      revoke.reset();
                      setRevoking(item.key);
                    }}
                  >
                    Revoke…
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </WideTable>
      )}
      <Modal
        opened={minted !== null}
        onClose={() => setMinted(null)}
        title="New credentials"
        size="lg"
        closeOnClickOutside={false}
        closeOnEscape={false}
        withCloseButton={false}
      >
        {minted && (
          <Stack gap="md">
            <Notice
              tone="warn"
              role="status"
              icon={<TriangleAlert size={17} aria-hidden />}
              title="Copy the secret now. This is the only time it is shown."
            />
            <div>
              <CopyField label="Key" value={minted.key} />
              <CopyField label="Secret" value={minted.secret} wrap testId="minted-secret" />
            </div>
            <Group justify="flex-end">
              <Button onClick={() => setMinted(null)}>I have stored it</Button>
            </Group>
          </Stack>
        )}
      </Modal>
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

function PreviousSecretLine({ item, busy, onEnd }: { item: Credential; busy: boolean; onEnd: () => void }) {
  const { previous } = item;
  if (!previous) return null;
  return (
    <Group gap={6}>
      <span className={css.help}>
        The previous secret ends <Time iso={previous.expires_at} />
        {previous.last_used_at && (
          <>
            , last used <Time iso={previous.last_used_at} />
          </>
        )}
      </span>
      <Button size="compact-xs" variant="default" loading={busy} onClick={onEnd}>
        End it now
      </Button>
    </Group>
  );
}
