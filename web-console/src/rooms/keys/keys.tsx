import { useNavigate, useSearch } from '@tanstack/react-router';
import { useApp } from '../../frame/use-apps';
import { PageHeader } from '../../ui/page';
import { AppCredentials } from './app-credentials';
import { CreateKeyDialog } from './create-key';
import css from './keys.module.css';
import { PublishableKeys } from './publishable-keys';
import { RevokeAllPanel } from './revoke-all';
import { SecretKeys } from './secret-keys';

export default function Keys() {
  const app = useApp();
  const { create } = useSearch({ from: '/signed-in/apps/$appId/keys' });
  const navigate = useNavigate({ from: '/apps/$appId/keys' });
  // In the address, so that the command palette and a link can open the dialog.
  const setCreating = (creating: boolean) =>
    void navigate({ search: creating ? { create: true } : {}, replace: true });
  return (
    <>
      <PageHeader title="Keys" lede="Who may talk to this app, and what they may do." />
      <div className={css.stack}>
        <SecretKeys app={app} onCreate={() => setCreating(true)} />
        <PublishableKeys app={app} />
        <AppCredentials app={app} />
        <RevokeAllPanel app={app} />
      </div>
      <CreateKeyDialog app={app} opened={create === true} onClose={() => setCreating(false)} />
    </>
  );
}
