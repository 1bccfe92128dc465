import { Anchor, Table } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { invoicesQuery, invoiceUrl, usePayInvoice } from '../../api/billing';
import { centsAmount } from '../../ui/amount';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { TextLink } from '../../ui/link';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, Panel } from '../../ui/page';
import { WideTable } from '../../ui/table';
import { InvoiceStanding, PayButton } from './invoice-standing';

export function InvoicesPanel({ org }: { org: string }) {
  const invoices = useInfiniteQuery(invoicesQuery(org));
  const pay = usePayInvoice(org);
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
                    <Table.Td>
                      <TextLink
                        to="/organisations/$orgId/billing/invoices/$number"
                        params={{ orgId: org, number: String(invoice.number) }}
                      >
                        Invoice {invoice.number}
                      </TextLink>
                    </Table.Td>
                    <Table.Td>
                      {new Date(invoice.issued_at).toLocaleDateString('en', { dateStyle: 'medium' })}
                    </Table.Td>
                    <Table.Td className={layout.number}>{centsAmount(invoice.total_cents)}</Table.Td>
                    <Table.Td>
                      <InvoiceStanding org={org} invoice={invoice} />
                      <PayButton org={org} invoice={invoice} pay={pay} compact />
                    </Table.Td>
                    <Table.Td>
                      <Anchor
                        size="sm"
                        href={invoiceUrl(org, invoice.number, 'pdf')}
                        download={`invoice-${invoice.number}.pdf`}
                        aria-label={`Invoice ${invoice.number} as PDF`}
                      >
                        PDF
                      </Anchor>
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
      <ShowMore query={invoices} />
    </Panel>
  );
}
