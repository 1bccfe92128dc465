import type { InvoiceLine } from '../../api/types';
import { count, exactAmount } from '../../ui/amount';

/** A line as it is printed. Usage of many days is one row, with its days below. */
export type InvoiceRow = {
  key: string;
  what: string;
  detail: string;
  quantity: string;
  unit: string;
  micros: number;
  days: { day: string; units: number; micros: number }[];
};

type UnitsLine = Extract<InvoiceLine, { units: number }>;
type RestLine = Extract<InvoiceLine, { seconds: number }>;

/** A plan's name as people write it. */
export const planName = (plan: string): string => plan.charAt(0).toUpperCase() + plan.slice(1);

/** Money that was there before: taken off below the subtotal. */
export const isCredit = ({ kind }: InvoiceLine): boolean => kind === 'credit' || kind === 'carried_forward';

const utcDay = new Intl.DateTimeFormat('en', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

/** A period in days of UTC. Its end is the moment after its last day. */
export function periodWords({ start, end }: { start: string; end: string }): string {
  return utcDay.formatRange(new Date(start), new Date(Date.parse(end) - 1));
}

/** What is charged, in rows. Lines of nothing say nothing. `appName`: of the apps that are known. */
export function invoiceRows(
  lines: readonly InvoiceLine[],
  appName: (id: string) => string | undefined,
): InvoiceRow[] {
  const rows = new Map<string, InvoiceRow>();
  for (const [at, line] of lines.entries()) {
    if (isCredit(line) || line.amount_micros === 0) continue;
    if (line.kind === 'overage' || line.kind === 'correction') {
      const key = [line.kind, line.app, line.metric, line.micros_per_million].join(' ');
      const row = rows.get(key) ?? { key, ...usageWords(line, appName), quantity: '', micros: 0, days: [] };
      row.days.push({ day: line.day, units: line.units, micros: line.amount_micros });
      row.micros += line.amount_micros;
      row.quantity = count(row.days.reduce((sum, { units }) => sum + units, 0));
      row.detail = `${appLabel(line.app, appName)}, ${row.days.length === 1 ? line.day : `${row.days.length} days`}`;
      rows.set(key, row);
    } else {
      const key = `${line.kind} ${at}`;
      rows.set(key, { key, ...words(line), micros: line.amount_micros, days: [] });
    }
  }
  return [...rows.values()];
}

const METRICS: Record<UnitsLine['metric'], string> = {
  published_units: 'Units published beyond the quota',
  delivered_units: 'Units delivered beyond the quota',
};

function appLabel(id: string, appName: (id: string) => string | undefined): string {
  const name = appName(id);
  return name === undefined ? `App ${id}` : `${name} (${id})`;
}

function usageWords(line: UnitsLine, appName: (id: string) => string | undefined) {
  return {
    what: (line.kind === 'correction' ? 'Correction: ' : '') + METRICS[line.metric],
    detail: appLabel(line.app, appName),
    unit: `${exactAmount(line.micros_per_million)} per million`,
  };
}

const days = (seconds: number) => (seconds / 86_400).toFixed(1).replace(/\.0$/, '');

/** What a whole period of the plan costs, to the cent: the line holds only the part. */
function wholePrice({ amount_micros, seconds, of_seconds }: RestLine): string {
  const micros = seconds === 0 ? 0 : (Math.abs(amount_micros) * of_seconds) / seconds;
  return `${exactAmount(Math.round(micros / 10_000) * 10_000)} per ${days(of_seconds)} days`;
}

function words(line: Exclude<InvoiceLine, UnitsLine>): Omit<InvoiceRow, 'key' | 'micros' | 'days'> {
  switch (line.kind) {
    case 'plan_fee':
      return {
        what: `${planName(line.plan)} plan`,
        detail: periodWords(line.period),
        quantity: '1',
        unit: exactAmount(line.amount_micros),
      };
    case 'proration_credit':
      return {
        what: `${planName(line.plan)} plan, not used`,
        detail: 'Given back',
        quantity: `${days(line.seconds)} days`,
        unit: wholePrice(line),
      };
    case 'proration_charge':
      return {
        what: `${planName(line.plan)} plan`,
        detail: 'For the rest of the period',
        quantity: `${days(line.seconds)} days`,
        unit: wholePrice(line),
      };
    case 'spend_limit':
      return {
        what: 'Beyond the spending limit',
        detail: `${exactAmount(line.limit_micros)} for the period; the rest is not charged`,
        quantity: '',
        unit: '',
      };
    case 'credit':
      return { what: `Credit: ${line.reason}`, detail: '', quantity: '', unit: '' };
    case 'carried_forward':
      return { what: 'Kept as a credit for the next invoice', detail: '', quantity: '', unit: '' };
  }
}

/** The lines between subtotal and total. */
export function creditRows(lines: readonly InvoiceLine[]): { key: string; what: string; micros: number }[] {
  return lines.flatMap((line, at) =>
    (line.kind === 'credit' || line.kind === 'carried_forward') && line.amount_micros !== 0
      ? [{ key: `${line.kind} ${at}`, what: words(line).what, micros: line.amount_micros }]
      : [],
  );
}
