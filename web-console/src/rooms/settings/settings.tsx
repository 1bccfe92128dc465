import { useApp } from '../../frame/use-apps';
import { PageHeader } from '../../ui/page';
import { BehaviourPanel, GeneralPanel, OriginsPanel } from './panels';
import { LimitsPanel } from './limits';
import { QuotaPanel } from './quota';
import { DangerPanel } from './danger';
import { DialectPanels } from './dialects';
import css from './settings.module.css';

export default function Settings() {
  const app = useApp();
  return (
    <>
      <PageHeader
        title="Settings"
        lede={`How ${app.name} behaves. A change reaches every gateway in under a second.`}
      />
      {/* Keyed by app: each form starts from the values of the app it shows. */}
      <div className={css.stack} key={app.id}>
        <GeneralPanel app={app} />
        <BehaviourPanel app={app} />
        <OriginsPanel app={app} />
        <DialectPanels app={app} />
        <LimitsPanel app={app} />
        <QuotaPanel app={app} />
        <DangerPanel app={app} />
      </div>
    </>
  );
}
