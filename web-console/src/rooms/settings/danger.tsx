import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useDeleteApp, usePatchApp } from '../../api/apps';
import type { App } from '../../api/types';
import { TypedConfirm } from '../../ui/confirm';
import { ErrorNotice } from '../../ui/errors';
import { Panel } from '../../ui/page';
import { ReceiptDialog, type Revoked } from '../../ui/receipt';
import css from './settings.module.css';

export function DangerPanel({ app }: { app: App }) {
  const navigate = useNavigate();
  const patch = usePatchApp(app);
  const remove = useDeleteApp(app);
  const [revoked, setRevoked] = useState<Revoked | null>(null);
  const [disabling, disable] = useDisclosure(false);
  const [deleting, del] = useDisclosure(false);
  return (
    <Panel flush title="Danger zone" className={css.danger}>
      <div className={css.dangerRow}>
        <div>
          <strong>{app.enabled ? 'Disable this app' : 'This app is disabled'}</strong>
          <p>
            {app.enabled
              ? 'Closes all its sockets and refuses every request until it is enabled again. Nothing is deleted.'
              : 'Clients are refused with 4003 and requests with 403.'}
          </p>
        </div>
        {app.enabled ? (
          <Button
            variant="default"
            onClick={() => {
              patch.reset();
              disable.open();
            }}
          >
            Disable app…
          </Button>
        ) : (
          <Button loading={patch.isPending} onClick={() => patch.mutate({ enabled: true })}>
            Enable app
          </Button>
        )}
      </div>
      {!disabling && patch.error && (
        <div className={css.body}>
          <ErrorNotice error={patch.error} />
        </div>
      )}
      <div className={css.dangerRow}>
        <div>
          <strong>Delete this app</strong>
          <p>Its credentials and keys stop working at once and cannot be brought back.</p>
        </div>
        <Button
          color="red"
          onClick={() => {
            remove.reset();
            del.open();
          }}
        >
          Delete app…
        </Button>
      </div>
      <TypedConfirm
        opened={disabling}
        onClose={disable.close}
        title="Disable app"
        phrase={app.name}
        action="Disable app"
        busy={patch.isPending}
        error={patch.error}
        onConfirm={() =>
          patch.mutate(
            { enabled: false },
            {
              onSuccess: ({ receipt }) => {
                disable.close();
                if (receipt) setRevoked({ what: app.name, receipt });
              },
            },
          )
        }
      >
        Every client of {app.name} is disconnected now and cannot come back until you enable the app again.
      </TypedConfirm>
      <TypedConfirm
        opened={deleting}
        onClose={del.close}
        title="Delete app"
        phrase={app.name}
        action="Delete app"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          remove.mutate(undefined, {
            onSuccess: () =>
              void navigate({
                to: '/organisations/$orgId',
                params: { orgId: app.organisation_id },
                replace: true,
              }),
          })
        }
      >
        {app.name} with its credentials, secret keys and settings is deleted. Connected clients are
        disconnected. This cannot be undone.
      </TypedConfirm>
      <ReceiptDialog title="Disabled" revoked={revoked} onClose={() => setRevoked(null)} />
    </Panel>
  );
}
