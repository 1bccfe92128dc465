import { Button, Group, Modal, Stack } from '@mantine/core';
import { CircleCheck, Clock, ShieldCheck } from 'lucide-react';
import type { Receipt } from '../api/types';
import { Mono, Notice, Tag } from './page';
import css from './ui.module.css';

export type Revoked = { what: string; receipt: Receipt };

/** What a revocation answered: which gateways refuse the key by now, and after how long. */
export function ReceiptDialog({
  title = 'Revoked',
  revoked,
  onClose,
}: {
  title?: string;
  revoked: Revoked | null;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={revoked !== null}
      onClose={onClose}
      title={title}
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {revoked && <ReceiptView {...revoked} onClose={onClose} />}
    </Modal>
  );
}

function ReceiptView({ what, receipt, onClose }: Revoked & { onClose: () => void }) {
  const { confirmed, pending, revision } = receipt;
  const slowest = Math.max(0, ...confirmed.map(({ ms }) => ms));
  const title =
    pending.length > 0
      ? `${confirmed.length} of ${confirmed.length + pending.length} gateways have confirmed`
      : confirmed.length === 0
        ? 'Done. No gateway is connected at the moment'
        : `In force at every gateway after ${slowest} ms`;
  return (
    <Stack gap="md" data-testid="revocation-receipt">
      <Notice
        tone={pending.length > 0 ? 'warn' : 'good'}
        role="status"
        icon={pending.length > 0 ? <Clock size={17} aria-hidden /> : <ShieldCheck size={17} aria-hidden />}
        title={title}
      >
        <p style={{ margin: 0 }}>
          {what} is refused from now on, and its open sockets are closed.
          {pending.length > 0 && ' The others take it over as soon as they answer again.'}
        </p>
      </Notice>
      <ul className={css.receipt}>
        {confirmed.map(({ gateway, ms }) => (
          <li key={gateway}>
            <CircleCheck size={16} color="var(--sb-good)" aria-hidden />
            <Mono>{gateway}</Mono>
            <Tag tone="good">{`confirmed in ${ms} ms`}</Tag>
          </li>
        ))}
        {pending.map((gateway) => (
          <li key={gateway}>
            <Clock size={16} color="var(--sb-warn)" aria-hidden />
            <Mono>{gateway}</Mono>
            <Tag tone="warn">not confirmed yet</Tag>
          </li>
        ))}
      </ul>
      <Group justify="space-between">
        <span className={css.help}>Revision {revision.toLocaleString('en')} of the directory</span>
        <Button variant="default" onClick={onClose} data-autofocus>
          Close
        </Button>
      </Group>
    </Stack>
  );
}
