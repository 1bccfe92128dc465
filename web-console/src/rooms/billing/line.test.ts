import { expect, test } from 'vitest';
import type { InvoiceLine } from '../../api/types';
import { describeLine } from './line';

const line = (kind: string, more: Record<string, unknown> = {}): InvoiceLine => ({
  kind,
  amount_micros: 1,
  ...more,
});
const rest = { plan: 'growth', seconds: 1_641_600, of_seconds: 2_592_000 };
const units = {
  app: '7',
  metric: 'delivered',
  day: '2026-11-05',
  units: 1_200,
  micros_per_million: 2_500_000,
};

test.each([
  [line('plan_fee', { plan: 'starter' }), 'Plan starter, 30 days'],
  [line('proration_credit', rest), 'Unused of growth: 19.0 of 30 days'],
  [line('proration_charge', rest), 'growth for the rest of the period: 19.0 of 30 days'],
  [line('overage', units), '1,200 units delivered of app 7 on 2026-11-05, at $2.50 per million'],
  [
    line('correction', units),
    'Correction: 1,200 units delivered of app 7 on 2026-11-05, at $2.50 per million',
  ],
  [line('spend_limit', { limit_micros: 10_000_000 }), 'Beyond the spending limit of $10.00: not charged'],
  [line('credit', { reason: 'goodwill' }), 'Credit: goodwill'],
  [line('carried_forward'), 'Carried forward as a credit'],
  [line('of tomorrow'), 'of tomorrow'],
])('%j', (given, expected) => {
  expect(describeLine(given)).toBe(expected);
});
