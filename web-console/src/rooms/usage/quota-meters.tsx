import { useQuery } from '@tanstack/react-query';
import { subscriptionQuery } from '../../api/billing';
import { organisationUsageQuery } from '../../api/usage';
import type { Quota } from '../../api/types';
import { count } from '../../ui/amount';
import { Loaded } from '../../ui/loading';
import { Meter } from '../../ui/meter';
import { Time } from '../../ui/time';
import { endOfDay } from './forecast';
import { rangeOf } from './range';

/** Where the organisation's quotas stand right now. */
export function QuotaMeters({ org }: { org: string }) {
  const usage = useQuery(organisationUsageQuery(org, rangeOf('day')));
  const subscription = useQuery(subscriptionQuery(org));
  return (
    <Loaded query={usage} label="usage">
      {({ quotas, connections_open }) => (
        <>
          {quotas.map((quota) => (
            <MessageMeter key={quota.rule} quota={quota} now={usage.dataUpdatedAt} />
          ))}
          {subscription.data && (
            <Meter
              label="Open connections"
              used={connections_open}
              limit={subscription.data.limits.max_connections}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

/** `now`: when the figures were read. */
export function MessageMeter({ quota, now }: { quota: Quota; now: number }) {
  const forecast = endOfDay(quota, now);
  return (
    <Meter
      label={quota.rule === 'app_messages' ? 'Messages today, this app’s part' : 'Messages today'}
      used={quota.used}
      limit={quota.limit}
      forecast={forecast}
      note={
        <>
          About {count(forecast)} at the end of the day if it goes on like this. {count(quota.per_day)} more{' '}
          <Time iso={quota.resets_at} />, and what is not used is kept for up to 30 days.
          {quota.overage_units > 0 && ` ${count(quota.overage_units)} beyond the quota in this period.`}
        </>
      }
    />
  );
}
