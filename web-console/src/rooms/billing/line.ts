import type { InvoiceLine } from '../../api/types';
import { count, microsAmount } from '../../ui/amount';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The rest of a period in days, to one digit. */
const rest = (line: InvoiceLine): string => {
  const days = number(line['seconds']) / 86_400;
  return `${days.toFixed(1)} of ${(number(line['of_seconds']) / 86_400).toFixed(0)} days`;
};

/** A line of an invoice, in words. */
export function describeLine(line: InvoiceLine): string {
  const plan = text(line['plan']);
  switch (line.kind) {
    case 'plan_fee':
      return `Plan ${plan}, 30 days`;
    case 'proration_credit':
      return `Unused of ${plan}: ${rest(line)}`;
    case 'proration_charge':
      return `${plan} for the rest of the period: ${rest(line)}`;
    case 'overage':
    case 'correction': {
      const units = `${count(number(line['units']))} units ${text(line['metric'])} of app ${text(line['app'])} on ${text(line['day'])}, at ${microsAmount(number(line['micros_per_million']))} per million`;
      return line.kind === 'correction' ? `Correction: ${units}` : units;
    }
    case 'spend_limit':
      return `Beyond the spending limit of ${microsAmount(number(line['limit_micros']))}: not charged`;
    case 'credit':
      return `Credit: ${text(line['reason'])}`;
    case 'carried_forward':
      return 'Carried forward as a credit';
    default:
      return line.kind;
  }
}
