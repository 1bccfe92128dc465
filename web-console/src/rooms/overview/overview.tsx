import { useInfiniteQuery } from '@tanstack/react-query';
import { Activity, CirclePause } from 'lucide-react';
import { useState } from 'react';
import { credentialsQuery } from '../../api/apps';
import { useFreshSecret } from '../../api/fresh-secrets';
import { useSession } from '../../api/session';
import { useApp } from '../../frame/use-apps';
import { ButtonLink } from '../../ui/link';
import { Notice, PageHeader } from '../../ui/page';
import { CredentialsPanel } from './credentials';
import { FirstMessage } from './first-message';
import { SnippetsPanel } from './snippets-panel';
import css from './overview.module.css';

export default function Overview() {
  const app = useApp();
  const { gateway_url: gatewayUrl } = useSession();
  const fresh = useFreshSecret(app.id);
  const credentials = useInfiniteQuery({ ...credentialsQuery(app.id), enabled: !fresh });
  const active = credentials.data?.pages.flatMap((page) => page.items).at(-1);
  const appKey = fresh?.key ?? active?.key;
  const [draft, setDraft] = useState({ channel: 'my-channel', name: 'my-event' });

  return (
    <>
      <PageHeader
        title={app.name}
        lede="Send a message, watch it arrive, then copy the same into your own code."
        actions={
          <ButtonLink
            to="/apps/$appId/live"
            params={{ appId: app.id }}
            variant="default"
            leftSection={<Activity size={15} aria-hidden />}
          >
            Live events
          </ButtonLink>
        }
      />
      <div className={css.stack}>
        {!app.enabled && (
          <Notice tone="warn" icon={<CirclePause size={17} aria-hidden />} title="This app is disabled">
            <p style={{ margin: 0 }}>
              Its sockets are closed and its API refuses requests. Enable it in Settings.
            </p>
          </Notice>
        )}
        <CredentialsPanel app={app} appKey={appKey} gatewayUrl={gatewayUrl} />
        <FirstMessage
          appId={app.id}
          appKey={credentials.isPending && !fresh ? undefined : appKey}
          gatewayUrl={gatewayUrl}
          onDraft={({ channel, name }) => setDraft({ channel, name })}
        />
        <SnippetsPanel
          app={app}
          appKey={appKey}
          gatewayUrl={gatewayUrl}
          channel={draft.channel}
          event={draft.name}
        />
      </div>
    </>
  );
}
