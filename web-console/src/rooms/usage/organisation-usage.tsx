import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { subscriptionQuery } from '../../api/billing';
import { organisationUsageQuery, usageCsvUrl } from '../../api/usage';
import { useOrganisation } from '../../frame/use-organisation';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { PageHeader, Panel } from '../../ui/page';
import { Charts } from './charts';
import { AppsTable } from './parts';
import { PeriodMeter } from './period-meter';
import { QuotaMeters } from './quota-meters';
import { rangeOf } from './range';
import { SpanPicker } from './span-picker';
import { Totals } from './totals';
import css from './usage.module.css';

export default function OrganisationUsageRoom() {
  const organisation = useOrganisation();
  const { span = 'day' } = useSearch({ from: '/signed-in/organisations/$orgId/usage' });
  const navigate = useNavigate({ from: '/organisations/$orgId/usage' });
  const range = rangeOf(span);
  const usage = useQuery(organisationUsageQuery(organisation.id, range));
  const subscription = useQuery(subscriptionQuery(organisation.id));
  return (
    <>
      <PageHeader title="Usage" lede={`What all apps of ${organisation.name} were used for.`} />
      <div className={layout.stack} key={organisation.id}>
        <SpanPicker
          value={span}
          onChange={(span) => void navigate({ search: { span }, replace: true })}
          csv={usageCsvUrl('organisations', organisation.id, range)}
        />
        <Panel title="Quotas" help="Over all apps">
          <div className={css.meters}>
            <QuotaMeters org={organisation.id} />
            {subscription.data && <PeriodMeter org={organisation.id} subscription={subscription.data} />}
          </div>
        </Panel>
        <Loaded query={usage} label="usage">
          {(found) => (
            <>
              <Totals usage={found} />
              <Charts usage={found} maxConnections={subscription.data?.limits.max_connections} />
              <AppsTable apps={found.apps} />
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}
