import { ActionIcon, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Notifications } from '@mantine/notifications';
import { Outlet } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import '@mantine/notifications/styles.layer.css';
import '@mantine/spotlight/styles.layer.css';
import { AppSwitcher } from './app-switcher';
import { CommandPalette } from './command-palette';
import { ConfirmPassword } from './confirm-password';
import { CreateAppDialog } from './create-app';
import { CreateOrganisationDialog } from './create-organisation';
import css from './frame.module.css';
import { FindButton, RoomLinks, SidebarFoot } from './navigation';
import { VerifyBanner } from './verify-banner';

/** Everything around a room: navigation, palette, the dialogs that open from anywhere. */
export default function Shell() {
  const [creating, create] = useDisclosure(false);
  const [founding, found] = useDisclosure(false);
  const [menuOpen, menu] = useDisclosure(false);
  return (
    <>
      <a href="#main" className={css.skip}>
        Skip to content
      </a>
      <div className={css.shell}>
        <aside className={css.sidebar} aria-label="Navigation">
          <AppSwitcher onCreate={create.open} onCreateOrganisation={found.open} />
          <FindButton />
          <RoomLinks />
          <SidebarFoot />
        </aside>
        <nav className={css.topbar} aria-label="App">
          <ActionIcon size="lg" onClick={menu.open} aria-label="Open navigation">
            <MenuIcon size={19} aria-hidden />
          </ActionIcon>
          <AppSwitcher onCreate={create.open} onCreateOrganisation={found.open} />
        </nav>
        <main id="main" tabIndex={-1} className={css.main}>
          <VerifyBanner />
          <Outlet />
        </main>
      </div>
      <Drawer
        opened={menuOpen}
        onClose={menu.close}
        size={288}
        title="Signalbox"
        closeButtonProps={{ 'aria-label': 'Close navigation' }}
      >
        <div className={css.drawerNav}>
          <FindButton onOpen={menu.close} />
          <RoomLinks onFollow={menu.close} />
          <SidebarFoot />
        </div>
      </Drawer>
      <Notifications position="bottom-right" />
      <CommandPalette onCreateApp={create.open} onCreateOrganisation={found.open} />
      <CreateAppDialog opened={creating} onClose={create.close} />
      <CreateOrganisationDialog opened={founding} onClose={found.close} />
      <ConfirmPassword />
    </>
  );
}
