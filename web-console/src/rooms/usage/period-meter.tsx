import { useQuery } from '@tanstack/react-query';
import { organisationUsageQuery } from '../../api/usage';
import type { Subscription } from '../../api/types';
import { count } from '../../ui/amount';
import { Meter } from '../../ui/meter';
import { Time } from '../../ui/time';
import { endOfPeriod } from './forecast';

const DAY = 86_400_000;

/** The billing period so far, and where it will end. Counted in whole days, as the plan has them. */
export function PeriodMeter({ org, subscription }: { org: string; subscription: Subscription }) {
  const start = Math.floor(Date.parse(subscription.period_start) / DAY) * DAY;
  const end = Date.parse(subscription.period_end);
  const usage = useQuery(
    organisationUsageQuery(org, { granularity: 'day', from: new Date(start).toISOString() }),
  );
  if (!usage.data) return null;
  const used = usage.data.total.units;
  const included = subscription.limits.messages_per_day * Math.max(1, Math.round((end - start) / DAY));
  const forecast = endOfPeriod(used, { start, end }, usage.dataUpdatedAt);
  return (
    <Meter
      label="Messages in this billing period"
      used={used}
      limit={included}
      forecast={forecast}
      note={
        <>
          About {count(forecast)} when it ends <Time iso={subscription.period_end} />, if it goes on like
          this. The plan adds up to {count(included)} in that time.
        </>
      }
    />
  );
}
