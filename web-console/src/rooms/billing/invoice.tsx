import { Button, Group, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ArrowLeft, ChevronDown, Download } from 'lucide-react';
import { invoiceQuery, invoiceSummaryQuery, invoiceUrl, usePayInvoice } from '../../api/billing';
import { useOrganisation } from '../../frame/use-organisation';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { TextLink } from '../../ui/link';
import { Loaded } from '../../ui/loading';
import { PageHeader, Panel } from '../../ui/page';
import css from './invoice.module.css';
import { InvoicePaper } from './invoice-paper';
import { InvoiceStanding, PayButton } from './invoice-standing';
import { RecomputeSteps } from './recompute';

export default function InvoiceRoom() {
  const organisation = useOrganisation();
  const { number: asked } = useParams({ from: '/signed-in/organisations/$orgId/billing/invoices/$number' });
  const number = Number(asked);
  const org = organisation.id;
  const invoice = useQuery(invoiceQuery(org, number));
  const summary = useQuery(invoiceSummaryQuery(org, number));
  const pay = usePayInvoice(org);
  return (
    <>
      <p className={css.back}>
        <ArrowLeft size={14} aria-hidden />
        <TextLink to="/organisations/$orgId/billing" params={{ orgId: org }}>
          Plan and billing
        </TextLink>
      </p>
      <PageHeader
        title={`Invoice ${asked}`}
        lede={`To ${organisation.name}`}
        actions={
          <Group gap="xs">
            {summary.data && <PayButton org={org} invoice={summary.data} pay={pay} />}
            <Button
              component="a"
              href={invoiceUrl(org, number, 'pdf')}
              download={`invoice-${number}.pdf`}
              variant="default"
              leftSection={<Download size={15} aria-hidden />}
            >
              Download PDF
            </Button>
            <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
              <Menu.Target>
                <Button variant="default" rightSection={<ChevronDown size={14} aria-hidden />}>
                  More
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  component="a"
                  href={invoiceUrl(org, number, 'html')}
                  target="_blank"
                  rel="noreferrer"
                >
                  Page to print
                </Menu.Item>
                <Menu.Item
                  component="a"
                  href={invoiceUrl(org, number, 'json')}
                  download={`invoice-${number}.json`}
                >
                  JSON, to recompute
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        }
      />
      <div className={`${layout.stack} ${css.column}`}>
        {pay.error && <ErrorNotice error={pay.error} />}
        <Panel flush>
          <Loaded query={invoice} label="the invoice">
            {(found) => (
              <InvoicePaper
                invoice={found}
                summary={summary.data ?? null}
                standing={summary.data && <InvoiceStanding org={org} invoice={summary.data} />}
              />
            )}
          </Loaded>
        </Panel>
        <Panel title="Recompute it" help="To the cent, offline, without asking us">
          <RecomputeSteps org={org} number={number} />
        </Panel>
      </div>
    </>
  );
}
