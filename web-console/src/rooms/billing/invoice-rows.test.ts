import { expect, test } from 'vitest';
import type { InvoiceLine } from '../../api/types';
import { creditRows, invoiceRows, periodWords } from './invoice-rows';

const unknown = () => undefined;
const period = { start: '2026-11-05T00:00:00Z', end: '2026-12-05T00:00:00Z' };
const rest = { plan: 'growth', version: 1, seconds: 1_641_600, of_seconds: 2_592_000 };
const usage = (day: string, more: Partial<Extract<InvoiceLine, { kind: 'overage' }>> = {}): InvoiceLine => ({
  kind: 'overage',
  app: '7',
  metric: 'delivered_units',
  plan: 'growth',
  version: 1,
  day,
  units: 1_500_000,
  micros_per_million: 2_000_000,
  amount_micros: 3_000_000,
  ...more,
});

const printed = (line: InvoiceLine) =>
  invoiceRows([line], unknown).map(({ what, detail, quantity, unit }) => [what, detail, quantity, unit]);

test.each<[string, InvoiceLine, string[]]>([
  [
    'a fee',
    { kind: 'plan_fee', amount_micros: 79_000_000, plan: 'growth', version: 1, period },
    ['Growth plan', 'Nov 5 – Dec 4, 2026', '1', '$79.00'],
  ],
  [
    'what is given back',
    { kind: 'proration_credit', amount_micros: -50_033_333, ...rest },
    ['Growth plan, not used', 'Given back', '19 days', '$79.00 per 30 days'],
  ],
  [
    'the rest of a period',
    { kind: 'proration_charge', amount_micros: 50_033_333, ...rest, seconds: 1_641_601 },
    ['Growth plan', 'For the rest of the period', '19 days', '$79.00 per 30 days'],
  ],
  [
    'usage',
    usage('2026-11-05'),
    ['Units delivered beyond the quota', 'App 7, 2026-11-05', '1,500,000', '$2.00 per million'],
  ],
  [
    'a correction',
    { ...usage('2026-11-05', { metric: 'published_units' }), kind: 'correction' } as InvoiceLine,
    ['Correction: Units published beyond the quota', 'App 7, 2026-11-05', '1,500,000', '$2.00 per million'],
  ],
])('%s', (_, line, [what, detail, quantity, unit]) => {
  const [row] = printed(line);
  expect(row?.map((text) => text.replaceAll(/[\u2009\u202f]/g, ' '))).toEqual([what, detail, quantity, unit]);
});

test('days of one app, metric and price are one row, and can be looked at one by one', () => {
  const lines = [
    usage('2026-11-05'),
    usage('2026-11-06', { units: 500_000, amount_micros: 1_000_000 }),
    usage('2026-11-06', { metric: 'published_units' }),
    usage('2026-11-06', { micros_per_million: 1 }),
  ];
  const rows = invoiceRows(lines, (id) => (id === '7' ? 'Shop' : undefined));
  expect(rows.map(({ quantity, micros, detail }) => [quantity, micros, detail])).toEqual([
    ['2,000,000', 4_000_000, 'Shop (7), 2 days'],
    ['1,500,000', 3_000_000, 'Shop (7), 2026-11-06'],
    ['1,500,000', 3_000_000, 'Shop (7), 2026-11-06'],
  ]);
  expect(rows[0]?.days).toEqual([
    { day: '2026-11-05', units: 1_500_000, micros: 3_000_000 },
    { day: '2026-11-06', units: 500_000, micros: 1_000_000 },
  ]);
});

test('lines of nothing are not printed, and credits stand apart', () => {
  const lines: InvoiceLine[] = [
    { kind: 'proration_credit', amount_micros: 0, ...rest },
    { kind: 'credit', amount_micros: -5_000_000, id: 'c1', reason: 'goodwill' },
    { kind: 'credit', amount_micros: 0, id: 'c2', reason: 'nothing' },
    { kind: 'carried_forward', amount_micros: 1_000_000 },
  ];
  expect(invoiceRows(lines, unknown)).toEqual([]);
  expect(creditRows(lines).map(({ what, micros }) => [what, micros])).toEqual([
    ['Credit: goodwill', -5_000_000],
    ['Kept as a credit for the next invoice', 1_000_000],
  ]);
});

test('a period ends with the day before its end', () => {
  const words = periodWords({ start: '2026-11-01T00:00:00Z', end: '2026-12-01T00:00:00Z' });
  expect(words.replaceAll(/[\u2009\u202f]/g, ' ')).toBe('Nov 1 – 30, 2026');
});
