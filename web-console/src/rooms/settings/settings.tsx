import { Select } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, type ComponentType } from 'react';
import type { App } from '../../api/types';
import { useApp } from '../../frame/use-apps';
import { PageHeader } from '../../ui/page';
import { AnyCablePanel } from './anycable';
import { DangerPanel } from './danger';
import { PusherPanel, RelayPanel } from './dialects';
import { KeepingPanel } from './keeping';
import { LimitsPanel } from './limits';
import { MeteredPanel } from './metered';
import { BehaviourPanel, GeneralPanel, OriginsPanel } from './panels';
import { QuotaPanel } from './quota';
import { SETTINGS_SECTIONS, type SettingsSection } from './sections';
import css from './settings.module.css';

const PANELS: Record<SettingsSection, ComponentType<{ app: App }>> = {
  general: GeneralPanel,
  behaviour: BehaviourPanel,
  origins: OriginsPanel,
  history: KeepingPanel,
  pusher: PusherPanel,
  relay: RelayPanel,
  anycable: AnyCablePanel,
  metered: MeteredPanel,
  limits: LimitsPanel,
  quota: QuotaPanel,
  danger: DangerPanel,
};

const GROUPS = [...new Set(SETTINGS_SECTIONS.map(({ group }) => group))];
const of = (wanted: string) => SETTINGS_SECTIONS.filter(({ group }) => group === wanted);

/** Why there are several dialects; above each of them. */
const ABOUT_DIALECTS =
  'The same channels, in the words of several systems. A message from one reaches the subscribers of all. What is off refuses its clients and back ends.';

export default function Settings() {
  const app = useApp();
  const { section } = useParams({ from: '/signed-in/apps/$appId/settings/$section' });
  const shown = SETTINGS_SECTIONS.find(({ id }) => id === section) ?? SETTINGS_SECTIONS[0];
  const Shown = PANELS[shown.id];
  useEffect(() => {
    document.title = `${shown.label} · Settings · Signalbox`;
  }, [shown.label]);
  return (
    <>
      <PageHeader
        title="Settings"
        lede={`How ${app.name} behaves. A change reaches every gateway in under a second.`}
      />
      <div className={css.room}>
        <SideList app={app} />
        <PhoneList app={app} section={shown.id} />
        <div className={css.stack}>
          {shown.group === 'Dialects' && <p className={css.note}>{ABOUT_DIALECTS}</p>}
          {/* Keyed by app and section: each form starts from the values of the app it shows. */}
          <Shown key={`${app.id} ${shown.id}`} app={app} />
        </div>
      </div>
    </>
  );
}

function SideList({ app }: { app: App }) {
  return (
    <nav className={css.side} aria-label="Settings">
      {GROUPS.map((group) => (
        <div key={group} className={css.sideGroup} data-group={group}>
          {group !== 'Apart' && <p className={css.sideLabel}>{group}</p>}
          <ul aria-label={group === 'Apart' ? 'Apart from the others' : group}>
            {of(group).map(({ id, label }) => (
              <li key={id}>
                <Link
                  to="/apps/$appId/settings/$section"
                  params={{ appId: app.id, section: id }}
                  className={css.sideLink}
                  replace
                >
                  {label}
                  {isOff(app, id) && <span className={css.off}>off</span>}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** Where there is no room for a list beside the form. */
function PhoneList({ app, section }: { app: App; section: SettingsSection }) {
  const navigate = useNavigate();
  return (
    <Select
      className={css.phoneList}
      label="Section"
      allowDeselect={false}
      data={GROUPS.map((group) => ({
        group: group === 'Apart' ? 'Dangerous' : group,
        items: of(group).map(({ id, label }) => ({ value: id, label })),
      }))}
      value={section}
      onChange={(chosen) =>
        chosen &&
        void navigate({
          to: '/apps/$appId/settings/$section',
          params: { appId: app.id, section: chosen },
          replace: true,
        })
      }
    />
  );
}

function isOff(app: App, section: SettingsSection): boolean {
  const { dialects } = app.settings;
  return section in dialects && !dialects[section as keyof typeof dialects];
}
