import { useOrganisation } from '../../frame/use-organisation';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page';
import { AlertsPanel } from './alerts';
import { AlertsSentPanel } from './alerts-sent';
import { InvoicesPanel } from './invoices';
import { PaymentPanel } from './payment';
import { PeriodPanel } from './period';
import { PlansPanel } from './plans';
import { ProfilePanel } from './profile';
import { StandingNotice } from './standing';

export default function Billing() {
  const organisation = useOrganisation();
  return (
    <>
      <PageHeader
        title="Plan and billing"
        lede={`What ${organisation.name} may use, what that costs, and how it is paid.`}
      />
      <div className={layout.stack} key={organisation.id}>
        <StandingNotice org={organisation.id} />
        <PeriodPanel org={organisation.id} />
        <PlansPanel org={organisation.id} />
        <InvoicesPanel org={organisation.id} />
        <PaymentPanel org={organisation.id} />
        <ProfilePanel org={organisation.id} />
        <AlertsPanel org={organisation.id} />
        <AlertsSentPanel org={organisation.id} />
      </div>
    </>
  );
}
