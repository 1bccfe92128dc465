import { useQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode } from 'react';
import { appsQuery } from '../../api/apps';
import type { BillingParty, Invoice, InvoiceSummary } from '../../api/types';
import { centsAmount, count, exactAmount, isWholeCents } from '../../ui/amount';
import { CopyIcon } from '../../ui/copy';
import { Money } from '../../ui/money';
import { Mono } from '../../ui/page';
import css from './invoice.module.css';
import { creditRows, invoiceRows, isCredit, periodWords, type InvoiceRow } from './invoice-rows';

const date = (iso: string) => new Date(iso).toLocaleDateString('en', { dateStyle: 'long', timeZone: 'UTC' });

/** The invoice as it was issued, and what has become of it. */
export function InvoicePaper({
  invoice,
  summary,
  standing,
}: {
  invoice: Invoice;
  summary: InvoiceSummary | null;
  standing: ReactNode;
}) {
  const apps = useQuery(appsQuery(invoice.organisation_id));
  const rows = invoiceRows(invoice.lines, (id) => apps.data?.find((app) => app.id === id)?.name);
  return (
    <article className={css.body} aria-label={`Invoice ${invoice.number}`} data-testid="invoice">
      <header className={css.head}>
        <div>
          <p className={css.due}>{centsAmount(invoice.total_cents)}</p>
          <p className={css.note}>
            {summary?.paid_at ? `Paid ${date(summary.paid_at)}` : `Due ${date(invoice.due_at)}`}
          </p>
        </div>
        <div data-testid="invoice-state">{standing}</div>
      </header>
      <Facts invoice={invoice} />
      <div className={css.parties}>
        <Party title="From" party={invoice.seller} />
        <Party title="To" party={invoice.buyer} />
      </div>
      <Lines rows={rows} />
      <Sums invoice={invoice} summary={summary} />
      {invoice.peak_connections_p99 !== undefined && invoice.peak_connections_p99 !== null && (
        <p className={css.note}>
          Peak connections of the period: {count(invoice.peak_connections_p99)}. For information; not billed.
        </p>
      )}
    </article>
  );
}

function Facts({ invoice }: { invoice: Invoice }) {
  const { recipe } = invoice;
  const planned = recipe.fee?.period ?? recipe.upgrade?.period;
  const facts: [string, ReactNode][] = [
    ['Invoice number', String(invoice.number)],
    ['Issued', date(invoice.issued_at)],
    ['Due', date(invoice.due_at)],
    ...(planned ? [['Period', periodWords(planned)] as [string, ReactNode]] : []),
    ...(recipe.usage ? [['Usage of', periodWords(recipe.usage.period)] as [string, ReactNode]] : []),
    [
      'Reference',
      <span key="reference" className={css.reference}>
        <Mono>{invoice.id}</Mono>
        <CopyIcon value={invoice.id} label="reference" />
      </span>,
    ],
  ];
  return (
    <dl className={css.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Party({ title, party }: { title: string; party: BillingParty }) {
  const lines = [
    ...(party.address ?? '').split('\n'),
    party.country,
    party.vat_id && `VAT ${party.vat_id}`,
    party.email,
  ].filter(Boolean);
  return (
    <section aria-label={title}>
      <h2 className={css.label}>{title}</h2>
      <p className={css.party}>
        <strong>{party.name}</strong>
        {lines.map((line) => (
          <Fragment key={line}>
            <br />
            {line}
          </Fragment>
        ))}
      </p>
    </section>
  );
}

function Lines({ rows }: { rows: InvoiceRow[] }) {
  return (
    <table className={css.lines}>
      <thead>
        <tr>
          <th scope="col">Description</th>
          <th scope="col">Quantity</th>
          <th scope="col">Unit price</th>
          <th scope="col">Amount</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key} data-testid="invoice-line" data-single={row.quantity === '1' || undefined}>
            <td>
              {row.what}
              <span className={css.detail}>{row.detail}</span>
              {row.days.length > 1 && <Days row={row} />}
            </td>
            <td data-label="Quantity">{row.quantity}</td>
            <td data-label="Unit price">{row.unit}</td>
            <td>
              <Money micros={row.micros} />
              {!isWholeCents(row.micros) && (
                <span className={css.detail}>exactly {exactAmount(row.micros)}</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Days({ row }: { row: InvoiceRow }) {
  return (
    <details className={css.days}>
      <summary>By day</summary>
      <table>
        <tbody>
          {row.days.map(({ day, units, micros }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{count(units)}</td>
              <td>
                <Money micros={micros} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** From the lines to what is left to pay. */
function Sums({ invoice, summary }: { invoice: Invoice; summary: InvoiceSummary | null }) {
  const credits = creditRows(invoice.lines);
  const subtotal = invoice.lines
    .filter((line) => !isCredit(line))
    .reduce((sum, { amount_micros }) => sum + amount_micros, 0);
  const rounding = invoice.total_cents * 10_000 - invoice.total_micros;
  const isPaid = summary?.state === 'paid';
  return (
    <dl className={css.sums}>
      <Sum name="Subtotal" value={<Money micros={subtotal} />} />
      {credits.map(({ key, what, micros }) => (
        <Sum key={key} name={what} value={<Money micros={micros} />} />
      ))}
      {rounding !== 0 && <Sum name="Rounded to a whole cent" value={exactAmount(rounding)} />}
      <Sum name="Total" value={`${centsAmount(invoice.total_cents)} ${invoice.currency}`} isTotal />
      {isPaid && <Sum name="Paid" value={centsAmount(-invoice.total_cents)} />}
      <Sum name="Left to pay" value={centsAmount(isPaid ? 0 : invoice.total_cents)} isTotal />
    </dl>
  );
}

function Sum({ name, value, isTotal }: { name: string; value: ReactNode; isTotal?: boolean }) {
  return (
    <div data-total={isTotal || undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
