import { useQuery } from '@tanstack/react-query';
import { currentBillQuery, subscriptionQuery } from '../../api/billing';
import { useMay } from '../../api/team';
import type { CurrentBill } from '../../api/types';
import { centsAmount, count, exactAmount } from '../../ui/amount';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { Money } from '../../ui/money';
import { Panel, Tag } from '../../ui/page';
import { QuotaMeters } from '../usage/quota-meters';
import css from './billing.module.css';
import { SpendLimitForm } from './spend-limit';

const day = (iso: string) => new Date(iso).toLocaleDateString('en', { day: 'numeric', month: 'short' });

export function PeriodPanel({ org }: { org: string }) {
  const subscription = useQuery(subscriptionQuery(org));
  const bill = useQuery(currentBillQuery(org));
  const may = useMay(org);
  const plan = subscription.data?.plan;
  return (
    <Panel
      title={plan ? plan.display_name : 'Your plan'}
      help={
        subscription.data &&
        `The period from ${day(subscription.data.period_start)} to ${day(subscription.data.period_end)}`
      }
      actions={plan && <Tag tone="accent">{exactAmount(plan.price_micros)} per 30 days</Tag>}
    >
      <div className={layout.stack}>
        <QuotaMeters org={org} />
        {may('billing.read') && (
          <Loaded query={bill} label="the period so far">
            {(current) => (
              <>
                <Bill bill={current} />
                {plan?.overage_micros_per_million !== null && may('billing.write') && (
                  <SpendLimitForm org={org} limit={current.spend_limit_micros} />
                )}
              </>
            )}
          </Loaded>
        )}
      </div>
    </Panel>
  );
}

function Bill({ bill }: { bill: CurrentBill }) {
  return (
    <dl className={css.facts}>
      <div>
        <dt>Overage so far</dt>
        <dd>
          <Money micros={bill.overage_micros} />
          <small>
            <Money micros={bill.forecast_overage_micros} /> if it goes on like this
          </small>
        </dd>
      </div>
      <div>
        <dt>Next invoice</dt>
        <dd>
          about {centsAmount(bill.forecast_total_cents)}
          <small>with {exactAmount(bill.next_fee_micros)} for the next period</small>
        </dd>
      </div>
      <div>
        <dt>Peak connections</dt>
        <dd>
          {count(bill.peak_connections_p99)}
          <small>99 of 100 minutes had no more</small>
        </dd>
      </div>
      {bill.credits_left_micros > 0 && (
        <div>
          <dt>Credit</dt>
          <dd>
            <Money micros={bill.credits_left_micros} />
          </dd>
        </div>
      )}
    </dl>
  );
}
