import type { InvoiceLine } from '../../api/types';
import { count, microsAmount } from '../../ui/amount';

/** The rest of a period in days, to one digit. */
const rest = ({ seconds, of_seconds }: { seconds: number; of_seconds: number }): string =>
  `${(seconds / 86_400).toFixed(1)} of ${(of_seconds / 86_400).toFixed(0)} days`;

type UnitsLine = Extract<InvoiceLine, { units: number }>;

const COUNTED: Record<UnitsLine['metric'], string> = {
  published_units: 'units published',
  delivered_units: 'units delivered',
};

const units = ({ units, metric, app, day, micros_per_million }: UnitsLine): string =>
  `${count(units)} ${COUNTED[metric]} by app ${app} on ${day}, at ${microsAmount(micros_per_million)} per million`;

/** A plan's name as people write it. */
const named = (plan: string): string => plan.charAt(0).toUpperCase() + plan.slice(1);

/** A line of an invoice, in words. */
export function describeLine(line: InvoiceLine): string {
  switch (line.kind) {
    case 'plan_fee':
      return `${named(line.plan)}, 30 days`;
    case 'proration_credit':
      return `Unused of ${named(line.plan)}: ${rest(line)}`;
    case 'proration_charge':
      return `${named(line.plan)} for the rest of the period: ${rest(line)}`;
    case 'overage':
      return units(line);
    case 'correction':
      return `Correction: ${units(line)}`;
    case 'spend_limit':
      return `Beyond the spending limit of ${microsAmount(line.limit_micros)}: not charged`;
    case 'credit':
      return `Credit: ${line.reason}`;
    case 'carried_forward':
      return 'Carried forward as a credit';
  }
}
