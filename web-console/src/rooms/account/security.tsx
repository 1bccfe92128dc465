import { PageHeader } from '../../ui/page';
import layout from '../../ui/layout.module.css';
import { EventsPanel } from './events';
import { SecondFactorPanel } from './second-factor';
import { SessionsPanel } from './sessions';

export default function Security() {
  return (
    <>
      <PageHeader title="Security" lede="How you log in, where you are logged in, and what happened." />
      <div className={layout.stack}>
        <SecondFactorPanel />
        <SessionsPanel />
        <EventsPanel />
      </div>
    </>
  );
}
