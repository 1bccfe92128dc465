import { expect, test } from 'vitest';
import type { InvoiceLine } from '../../api/types';
import { describeLine } from './line';

const amount_micros = 1;
const period = { start: '2026-11-05T00:00:00Z', end: '2026-12-05T00:00:00Z' };
const rest = { amount_micros, plan: 'growth', version: 1, seconds: 1_641_600, of_seconds: 2_592_000 };
const units = {
  amount_micros,
  app: '7',
  metric: 'delivered_units',
  plan: 'growth',
  version: 1,
  day: '2026-11-05',
  units: 1_200,
  micros_per_million: 2_500_000,
} as const;

test.each<[InvoiceLine, string]>([
  [{ kind: 'plan_fee', amount_micros, plan: 'starter', version: 1, period }, 'Starter, 30 days'],
  [{ kind: 'proration_credit', ...rest }, 'Unused of Growth: 19.0 of 30 days'],
  [{ kind: 'proration_charge', ...rest }, 'Growth for the rest of the period: 19.0 of 30 days'],
  [{ kind: 'overage', ...units }, '1,200 units delivered by app 7 on 2026-11-05, at $2.50 per million'],
  [
    { kind: 'correction', ...units, metric: 'published_units' },
    'Correction: 1,200 units published by app 7 on 2026-11-05, at $2.50 per million',
  ],
  [
    { kind: 'spend_limit', amount_micros, limit_micros: 10_000_000 },
    'Beyond the spending limit of $10.00: not charged',
  ],
  [{ kind: 'credit', amount_micros, id: 'c1', reason: 'goodwill' }, 'Credit: goodwill'],
  [{ kind: 'carried_forward', amount_micros }, 'Carried forward as a credit'],
])('%j', (given, expected) => {
  expect(describeLine(given)).toBe(expected);
});
