import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { paymentQuery, type usePayInvoice } from '../../api/billing';
import { useMay } from '../../api/team';
import type { InvoiceSummary } from '../../api/types';
import layout from '../../ui/layout.module.css';
import { notify } from '../../ui/notify';
import { Tag } from '../../ui/page';
import { isPast, Time } from '../../ui/time';

/** What has become of an invoice. By transfer nothing is collected, so nothing can fail before it is due. */
export function InvoiceStanding({ org, invoice }: { org: string; invoice: InvoiceSummary }) {
  const byTransfer = useQuery(paymentQuery(org)).data?.provider === 'manual';
  if (invoice.state === 'paid') return <Tag tone="good">paid</Tag>;
  if (invoice.state === 'processing') return <Tag tone="info">being paid</Tag>;
  const isOverdue = isPast(invoice.due_at);
  const hasFailed = !byTransfer && invoice.failures > 0;
  return (
    <>
      <Tag tone={isOverdue || hasFailed ? 'bad' : 'warn'}>{isOverdue ? 'overdue' : 'open'}</Tag>
      <br />
      <span className={layout.sub}>
        {invoice.last_error ? (
          invoice.last_error
        ) : (
          <>
            Due <Time iso={invoice.due_at} />
          </>
        )}
        {!byTransfer && invoice.next_try_at && (
          <>
            {' '}
            · collected <Time iso={invoice.next_try_at} />
          </>
        )}
      </span>
    </>
  );
}

/** Tries the card at once; nothing where there is nothing to pay with it. */
export function PayButton({
  org,
  invoice,
  pay,
  compact = false,
}: {
  org: string;
  invoice: InvoiceSummary;
  pay: ReturnType<typeof usePayInvoice>;
  compact?: boolean;
}) {
  const payment = useQuery(paymentQuery(org));
  const may = useMay(org);
  const payable = payment.data?.provider === 'stripe' && payment.data.method !== null && may('billing.write');
  if (invoice.state !== 'open' || !payable) return null;
  return (
    <Button
      {...(compact ? { ml: 'xs', size: 'compact-xs', variant: 'default' } : {})}
      loading={pay.isPending && pay.variables === invoice.number}
      onClick={() =>
        pay.mutate(invoice.number, {
          onSuccess: ({ state }) =>
            notify(state === 'paid' ? 'Paid. Thank you.' : 'The payment is on its way.'),
        })
      }
    >
      Pay now
    </Button>
  );
}
