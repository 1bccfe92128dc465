import { Button, Group, Modal, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CalendarClock, Zap } from 'lucide-react';
import { previewQuery, useChangePlan } from '../../api/billing';
import type { Plan, PlanChange } from '../../api/types';
import { centsAmount, exactAmount } from '../../ui/amount';
import { ErrorNotice } from '../../ui/errors';
import { Money } from '../../ui/money';
import { notify } from '../../ui/notify';
import { Notice } from '../../ui/page';
import css from './billing.module.css';
import { creditRows, invoiceRows } from './invoice-rows';

export function ChangePlanDialog({
  org,
  current,
  wanted,
  onClose,
}: {
  org: string;
  current: Plan | undefined;
  wanted: Plan | null;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={wanted !== null}
      onClose={onClose}
      title={wanted ? `Change to ${wanted.display_name}` : ''}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {wanted && <Preview org={org} current={current} wanted={wanted} onClose={onClose} />}
    </Modal>
  );
}

function Preview({
  org,
  current,
  wanted,
  onClose,
}: {
  org: string;
  current: Plan | undefined;
  wanted: Plan;
  onClose: () => void;
}) {
  const preview = useQuery(previewQuery(org, wanted.plan));
  const change = useChangePlan(org);
  const confirm = () =>
    change.mutate(wanted.plan, {
      onSuccess: (done) => {
        onClose();
        notify(
          done.takes === 'at_once'
            ? `You are on ${wanted.display_name} now.`
            : `${wanted.display_name} begins with the next period.`,
        );
      },
    });
  return (
    <Stack gap="md">
      {preview.error ? (
        <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />
      ) : preview.data ? (
        <Due change={preview.data} wanted={wanted} current={current} />
      ) : (
        <Skeleton h={150} radius="md" role="status" aria-label="Computing what is due" />
      )}
      {change.error && <ErrorNotice error={change.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button onClick={confirm} loading={change.isPending} disabled={!preview.data}>
          {preview.data && preview.data.due_now_cents > 0
            ? `Change and pay ${centsAmount(preview.data.due_now_cents)}`
            : 'Change the plan'}
        </Button>
      </Group>
    </Stack>
  );
}

function Due({ change, wanted, current }: { change: PlanChange; wanted: Plan; current: Plan | undefined }) {
  if (change.takes !== 'at_once') {
    return (
      <Notice tone="neutral" icon={<CalendarClock size={17} aria-hidden />} title="With the next period">
        <p style={{ margin: 0 }}>
          {current?.display_name} stays until{' '}
          {new Date(change.period.end).toLocaleDateString('en', { dateStyle: 'long' })}. Then{' '}
          {wanted.display_name} begins, for {exactAmount(change.price_micros)} per 30 days. Nothing is due
          now, and you can take it back until then.
        </p>
      </Notice>
    );
  }
  return (
    <>
      <Notice tone="good" icon={<Zap size={17} aria-hidden />} title="At once">
        <p style={{ margin: 0 }}>
          The limits of {wanted.display_name} hold within seconds. From the next period on it costs{' '}
          {exactAmount(change.price_micros)} per 30 days.
        </p>
      </Notice>
      <table className={css.lines}>
        <thead>
          <tr>
            <th scope="col">Due now</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody>
          {invoiceRows(change.lines, () => undefined).map((row) => (
            <tr key={row.key}>
              <td>
                {row.what}
                <small>
                  {row.quantity} at {row.unit}
                </small>
              </td>
              <td>
                <Money micros={row.micros} />
              </td>
            </tr>
          ))}
          {creditRows(change.lines).map(({ key, what, micros }) => (
            <tr key={key}>
              <td>{what}</td>
              <td>
                <Money micros={micros} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Total</th>
            <td data-testid="due-now">{centsAmount(change.due_now_cents)}</td>
          </tr>
        </tfoot>
      </table>
    </>
  );
}
