import { useQuery } from '@tanstack/react-query';
import { CalendarClock, CircleAlert } from 'lucide-react';
import { subscriptionQuery } from '../../api/billing';
import { Notice } from '../../ui/page';
import { ChangeBack } from './change-back';

/** What is unusual about the subscription, if anything is. */
export function StandingNotice({ org }: { org: string }) {
  const { data: subscription } = useQuery(subscriptionQuery(org));
  if (!subscription) return null;
  const { standing, next, plan, period_end } = subscription;
  return (
    <>
      {standing === 'past_due' && (
        <Notice
          tone="warn"
          role="status"
          icon={<CircleAlert size={17} aria-hidden />}
          title="An invoice could not be collected"
        >
          <p style={{ margin: 0 }}>
            Nothing is taken away yet: it is tried three times within 14 days. See to the payment method, or
            pay the invoice below.
          </p>
        </Notice>
      )}
      {standing === 'reduced' && (
        <Notice
          tone="bad"
          role="status"
          icon={<CircleAlert size={17} aria-hidden />}
          title="The limits of the free plan hold until what is owed is paid"
        >
          <p style={{ margin: 0 }}>
            Nothing is deleted. Paying the open invoices brings everything back at once.
          </p>
        </Notice>
      )}
      {next && (
        <Notice
          tone="neutral"
          role="status"
          icon={<CalendarClock size={17} aria-hidden />}
          title={`Changes to ${next.plan} on ${new Date(period_end).toLocaleDateString('en', { dateStyle: 'long' })}`}
        >
          <p style={{ margin: '0 0 0.5rem' }}>Until then {plan.display_name} stays as it is.</p>
          <ChangeBack org={org} plan={plan} />
        </Notice>
      )}
    </>
  );
}
