import { Menu, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Building2, Check, ChevronsUpDown, Plus } from 'lucide-react';
import { Fragment } from 'react';
import { Lamp } from '../ui/page';
import css from './frame.module.css';
import { Logo } from './logo';
import { useAllApps, useCurrentOrganisation } from './use-apps';

export function AppSwitcher({
  onCreate,
  onCreateOrganisation,
}: {
  onCreate: () => void;
  onCreateOrganisation: () => void;
}) {
  const navigate = useNavigate();
  const lists = useAllApps();
  const { appId } = useParams({ strict: false });
  const organisation = useCurrentOrganisation();
  const here = lists.flatMap(({ organisation, apps }) => apps.map((app) => ({ organisation, app })));
  const current = here.find(({ app }) => app.id === appId);
  return (
    <Menu withInitialFocusPlaceholder={false} position="bottom-start" width={264} shadow="lg" radius="md">
      <Menu.Target>
        <UnstyledButton className={css.switcher} data-testid="app-switcher">
          <Logo />
          <span className={css.switcherText}>
            <VisuallyHidden>Switch app, now </VisuallyHidden>
            <span className={css.switcherApp}>{current?.app.name ?? 'Your apps'}</span>
            <span className={css.switcherOrg}>{organisation?.name}</span>
          </span>
          <ChevronsUpDown size={15} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: 'auto' }}>
        {lists.map(({ organisation, apps }) => (
          <Fragment key={organisation.id}>
            <Menu.Label>{organisation.name}</Menu.Label>
            {apps.map((app) => (
              <Menu.Item
                key={app.id}
                leftSection={<Lamp tone={app.enabled ? 'good' : 'neutral'} />}
                rightSection={app.id === appId ? <Check size={15} aria-label="open now" /> : null}
                onClick={() => void navigate({ to: '/apps/$appId', params: { appId: app.id } })}
              >
                {app.name}
                {app.enabled ? '' : ' (disabled)'}
              </Menu.Item>
            ))}
            <Menu.Item
              component={Link}
              to={`/organisations/${organisation.id}`}
              leftSection={<Building2 size={15} aria-hidden />}
            >
              All apps and organisation
            </Menu.Item>
            <Menu.Divider />
          </Fragment>
        ))}
        <Menu.Item leftSection={<Plus size={15} aria-hidden />} onClick={onCreate}>
          Create app
        </Menu.Item>
        <Menu.Item leftSection={<Building2 size={15} aria-hidden />} onClick={onCreateOrganisation}>
          Create organisation
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
