import { Button, Group } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { forgetSecret, useFreshSecret } from '../../api/fresh-secrets';
import type { App } from '../../api/types';
import { CopyButton, CopyField } from '../../ui/copy';
import { TextLink } from '../../ui/link';
import { Notice, Panel } from '../../ui/page';
import css from './overview.module.css';

export function CredentialsPanel({
  app,
  appKey,
  gatewayUrl,
}: {
  app: App;
  appKey: string | undefined;
  gatewayUrl: string;
}) {
  const fresh = useFreshSecret(app.id);
  const key = fresh?.key ?? appKey;
  return (
    <Panel
      title="Credentials"
      help="What your clients and your back end connect with"
      actions={
        fresh && <CopyButton value={asEnvironment(gatewayUrl, app.id, fresh)}>Copy as .env</CopyButton>
      }
    >
      {fresh && (
        <div style={{ marginBottom: '0.625rem' }}>
          <Notice
            tone="warn"
            icon={<TriangleAlert size={17} aria-hidden />}
            title="The secret is shown only now. Store it before you leave this page."
          />
        </div>
      )}
      <CopyField label="App id" value={app.id} testId="app-id" />
      {key && <CopyField label="Key" value={key} testId="app-key" />}
      {fresh && <CopyField label="Secret" value={fresh.secret} wrap testId="app-secret" />}
      <CopyField label="Gateway" value={gatewayUrl} testId="gateway-url" />
      {fresh ? (
        <Group mt="sm" justify="flex-end">
          <Button variant="default" size="xs" onClick={() => forgetSecret(app.id)}>
            I have stored the secret
          </Button>
        </Group>
      ) : (
        <p className={css.note} style={{ marginTop: '0.625rem' }}>
          The secret was shown once, when it was made. Without it,{' '}
          <TextLink to="/apps/$appId/keys" params={{ appId: app.id }}>
            mint a new pair
          </TextLink>
          .
        </p>
      )}
    </Panel>
  );
}

function asEnvironment(
  gatewayUrl: string,
  appId: string,
  credential: { key: string; secret: string },
): string {
  const gateway = new URL(gatewayUrl);
  const tls = gateway.protocol === 'https:';
  return [
    `PUSHER_APP_ID=${appId}`,
    `PUSHER_APP_KEY=${credential.key}`,
    `PUSHER_APP_SECRET=${credential.secret}`,
    `PUSHER_HOST=${gateway.hostname}`,
    `PUSHER_PORT=${gateway.port || (tls ? '443' : '80')}`,
    `PUSHER_SCHEME=${tls ? 'https' : 'http'}`,
    `ANYCABLE_SECRET=${credential.secret}`,
    `ANYCABLE_HTTP_BROADCAST_URL=${gateway.origin}/apps/${credential.key}/_broadcast`,
    '',
  ].join('\n');
}
