import { Anchor, Button, Group, Table } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { useState } from 'react';
import { invoicesQuery, invoiceUrl, paymentQuery, usePayInvoice } from '../../api/billing';
import { useMay } from '../../api/team';
import type { InvoiceSummary } from '../../api/types';
import { centsAmount } from '../../ui/amount';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { notify } from '../../ui/notify';
import { EmptyState, Panel, Tag } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { isPast, Time } from '../../ui/time';
import { RecomputeDialog } from './recompute';

export function InvoicesPanel({ org }: { org: string }) {
  const invoices = useInfiniteQuery(invoicesQuery(org));
  const payment = useQuery(paymentQuery(org));
  const pay = usePayInvoice(org);
  const may = useMay(org);
  const [recomputing, setRecomputing] = useState<number | null>(null);
  const payable = payment.data?.provider === 'stripe' && payment.data.method !== null && may('billing.write');
  return (
    <Panel flush title="Invoices" help="Each can be recomputed to the cent, offline, from the ledger">
      {pay.error && (
        <div className={layout.pad}>
          <ErrorNotice error={pay.error} />
        </div>
      )}
      <Loaded
        query={invoices}
        label="invoices"
        empty={({ pages }) =>
          pages[0]?.items.length === 0 && (
            <EmptyState icon={<ReceiptText size={20} />} title="No invoices yet">
              One is made when a paid plan begins, and when a period with something to pay ends.
            </EmptyState>
          )
        }
      >
        {({ pages }) => (
          <WideTable label="Invoices" minWidth={640}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Number</Table.Th>
                <Table.Th>Issued</Table.Th>
                <Table.Th ta="right">Total</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Download</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pages
                .flatMap((page) => page.items)
                .map((invoice) => (
                  <Table.Tr key={invoice.number} data-testid="invoice-row">
                    <Table.Td>{invoice.number}</Table.Td>
                    <Table.Td>
                      {new Date(invoice.issued_at).toLocaleDateString('en', { dateStyle: 'medium' })}
                    </Table.Td>
                    <Table.Td className={layout.number}>{centsAmount(invoice.total_cents)}</Table.Td>
                    <Table.Td>
                      <State invoice={invoice} byTransfer={payment.data?.provider === 'manual'} />
                      {invoice.state === 'open' && payable && (
                        <Button
                          ml="xs"
                          size="compact-xs"
                          variant="default"
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
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Group gap="sm">
                        {(['html', 'pdf', 'json'] as const).map((format) => (
                          <Anchor
                            key={format}
                            size="sm"
                            href={invoiceUrl(org, invoice.number, format)}
                            target={format === 'html' ? '_blank' : undefined}
                            rel="noreferrer"
                            download={format === 'html' ? undefined : `invoice-${invoice.number}.${format}`}
                            aria-label={`Invoice ${invoice.number} as ${format.toUpperCase()}`}
                          >
                            {format.toUpperCase()}
                          </Anchor>
                        ))}
                        <Anchor
                          component="button"
                          type="button"
                          size="sm"
                          onClick={() => setRecomputing(invoice.number)}
                          aria-label={`Recompute invoice ${invoice.number}`}
                        >
                          Recompute…
                        </Anchor>
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
      <ShowMore query={invoices} />
      <RecomputeDialog org={org} number={recomputing} onClose={() => setRecomputing(null)} />
    </Panel>
  );
}

/** `byTransfer`: nothing is collected, so nothing can fail before it is due. */
function State({ invoice, byTransfer }: { invoice: InvoiceSummary; byTransfer: boolean }) {
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
