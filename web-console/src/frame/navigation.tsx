import { Kbd, Menu, UnstyledButton } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { Link, useParams } from '@tanstack/react-router';
import { Building2, LogOut, Search } from 'lucide-react';
import { useLogOut, useSession } from '../api/session';
import { APP_ROOMS } from '../rooms';
import { ColorSchemeSwitch } from './color-scheme';
import css from './frame.module.css';
import { useAllApps } from './use-apps';

export const MOD_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

export function FindButton({ onOpen }: { onOpen?: () => void }) {
  const open = () => {
    onOpen?.();
    spotlight.open();
  };
  return (
    <UnstyledButton className={css.find} onClick={open} data-testid="open-palette">
      <Search size={14} aria-hidden />
      <span>Find or do…</span>
      <Kbd size="xs">{MOD_KEY} K</Kbd>
    </UnstyledButton>
  );
}

export function RoomLinks({ onFollow }: { onFollow?: () => void }) {
  const { appId, orgId } = useParams({ strict: false });
  const lists = useAllApps();
  const organisation =
    lists.find((list) => list.organisation.id === orgId || list.apps.some((app) => app.id === appId))
      ?.organisation ?? lists[0]?.organisation;
  return (
    <nav aria-label="Rooms">
      {appId &&
        (['Observe', 'Configure'] as const).map((group) => (
          <div key={group}>
            <p className={css.group} id={`nav-${group}`}>
              {group}
            </p>
            <ul className={css.nav} aria-labelledby={`nav-${group}`}>
              {APP_ROOMS.filter((room) => room.group === group).map((room) => (
                <li key={room.to}>
                  <Link
                    to={room.to}
                    params={{ appId }}
                    activeOptions={{ exact: room.to === '/apps/$appId', includeSearch: false }}
                    className={css.link}
                    onClick={onFollow}
                  >
                    <room.icon size={16} aria-hidden />
                    {room.label}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      {organisation && (
        <>
          <p className={css.group} id="nav-organisation">
            Organisation
          </p>
          <ul className={css.nav} aria-labelledby="nav-organisation">
            <li>
              <Link
                to="/organisations/$orgId"
                params={{ orgId: organisation.id }}
                className={css.link}
                onClick={onFollow}
              >
                <Building2 size={16} aria-hidden />
                Apps and organisation
              </Link>
            </li>
          </ul>
        </>
      )}
    </nav>
  );
}

export function PersonMenu() {
  const { user } = useSession();
  const logOut = useLogOut();
  const name = user.name || user.email;
  return (
    <Menu withInitialFocusPlaceholder={false} position="top-start" width={232} shadow="lg" radius="md">
      <Menu.Target>
        <UnstyledButton className={css.person} data-testid="person-menu">
          <span className={css.avatar} aria-hidden>
            {name.slice(0, 1).toUpperCase()}
          </span>
          <span className={css.switcherText}>
            <span className={css.switcherApp}>{name}</span>
            {user.name && <span className={css.switcherOrg}>{user.email}</span>}
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<LogOut size={15} aria-hidden />} onClick={() => logOut.mutate()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function SidebarFoot() {
  return (
    <div className={css.foot}>
      <ColorSchemeSwitch />
      <div style={{ height: '0.5rem' }} />
      <PersonMenu />
    </div>
  );
}
