import { Kbd, Menu, UnstyledButton } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { Link, useLocation, useParams } from '@tanstack/react-router';
import { LogOut, Search } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import { useLogOut, useSession } from '../api/session';
import { ACCOUNT_ROOMS, APP_ROOMS, ORGANISATION_ROOMS } from '../rooms';
import { ColorSchemeSwitch } from './color-scheme';
import css from './frame.module.css';
import { useCurrentOrganisation } from './use-apps';

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
  const { appId } = useParams({ strict: false });
  const organisation = useCurrentOrganisation();
  const inAccount = useLocation({ select: ({ pathname }) => pathname.startsWith('/account') });
  return (
    <nav aria-label="Rooms">
      {inAccount && (
        <Group label="Account">
          {ACCOUNT_ROOMS.map((room) => (
            <Item key={room.to}>
              <Link to={room.to} activeOptions={EXACT} className={css.link} onClick={onFollow}>
                <room.icon size={16} aria-hidden />
                {room.label}
              </Link>
            </Item>
          ))}
        </Group>
      )}
      {appId &&
        (['Observe', 'Configure'] as const).map((group) => (
          <Group key={group} label={group}>
            {APP_ROOMS.filter((room) => room.group === group).map((room) => (
              <Item key={room.to}>
                <Link
                  to={room.to}
                  params={{ appId }}
                  activeOptions={room.to === '/apps/$appId' ? EXACT : BELOW}
                  className={css.link}
                  onClick={onFollow}
                >
                  <room.icon size={16} aria-hidden />
                  {room.label}
                </Link>
              </Item>
            ))}
          </Group>
        ))}
      {organisation && (
        <Group label="Organisation">
          {ORGANISATION_ROOMS.map((room) => (
            <Item key={room.to}>
              <Link
                to={room.to}
                params={{ orgId: organisation.id }}
                activeOptions={room.to === '/organisations/$orgId' ? EXACT : BELOW}
                className={css.link}
                onClick={onFollow}
              >
                <room.icon size={16} aria-hidden />
                {room.label}
              </Link>
            </Item>
          ))}
        </Group>
      )}
    </nav>
  );
}

const EXACT = { exact: true, includeSearch: false };
const BELOW = { exact: false, includeSearch: false };

function Group({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  return (
    <div>
      <p className={css.group} id={id}>
        {label}
      </p>
      <ul className={css.nav} aria-labelledby={id}>
        {children}
      </ul>
    </div>
  );
}

function Item({ children }: { children: ReactNode }) {
  return <li>{children}</li>;
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
        {ACCOUNT_ROOMS.map((room) => (
          <Menu.Item
            key={room.to}
            component={Link}
            to={room.to}
            leftSection={<room.icon size={15} aria-hidden />}
          >
            {room.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
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
