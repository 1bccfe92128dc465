import { Button, Group, Modal, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { OctagonX, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useRevokeAll } from '../../api/apps';
import type { App, RevokedAll } from '../../api/types';
import { count } from '../../ui/amount';
import { TypedConfirm } from '../../ui/confirm';
import { CopyField } from '../../ui/copy';
import layout from '../../ui/layout.module.css';
import { Notice, Panel } from '../../ui/page';

/** For the day on which nobody knows what has leaked. */
export function RevokeAllPanel({ app }: { app: App }) {
  const revoke = useRevokeAll(app.id);
  const [asking, ask] = useDisclosure(false);
  const [done, setDone] = useState<RevokedAll | null>(null);
  return (
    <Panel title="Revoke everything" className={layout.danger}>
      <div className={layout.row}>
        <p>
          Ends every pair and key of this app in one step, and closes all connections. You get one new pair to
          begin again with.
        </p>
        <Button
          color="red"
          leftSection={<OctagonX size={15} aria-hidden />}
          onClick={() => {
            revoke.reset();
            ask.open();
          }}
        >
          Revoke everything…
        </Button>
      </div>
      <TypedConfirm
        opened={asking}
        onClose={ask.close}
        title="Revoke everything"
        phrase={app.name}
        action="Revoke everything"
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() =>
          revoke.mutate(undefined, {
            onSuccess: (answered) => {
              ask.close();
              setDone(answered);
            },
          })
        }
      >
        Every client of {app.name} is disconnected and every request refused until they have new keys. This
        cannot be undone.
      </TypedConfirm>
      <Modal
        opened={done !== null}
        onClose={() => setDone(null)}
        title="Everything is revoked"
        size="lg"
        closeOnClickOutside={false}
        closeOnEscape={false}
        withCloseButton={false}
      >
        {done && (
          <Stack gap="md" data-testid="revoked-all">
            <Notice
              tone={done.receipt?.pending.length ? 'warn' : 'good'}
              role="status"
              icon={<ShieldCheck size={17} aria-hidden />}
              title={`${count(done.credentials)} pairs, ${count(done.secret_keys)} secret and ${count(done.publishable_keys)} publishable keys have ended`}
            >
              <p style={{ margin: 0 }}>
                {done.receipt
                  ? done.receipt.pending.length
                    ? `Not confirmed yet by ${done.receipt.pending.join(', ')}.`
                    : `In force at every gateway after ${Math.max(0, ...done.receipt.confirmed.map(({ ms }) => ms))} ms.`
                  : 'There was nothing to revoke.'}
              </p>
            </Notice>
            {done.credential && (
              <div>
                <CopyField label="New key" value={done.credential.key} />
                <CopyField label="New secret" value={done.credential.secret} wrap testId="minted-secret" />
              </div>
            )}
            <Group justify="flex-end">
              <Button onClick={() => setDone(null)}>I have stored it</Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </Panel>
  );
}
