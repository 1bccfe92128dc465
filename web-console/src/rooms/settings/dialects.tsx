import { Select, TagsInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { ShieldAlert } from 'lucide-react';
import type { App } from '../../api/types';
import { patternProblem } from '../../scopes/pattern';
import { Notice } from '../../ui/page';
import { DialectPanel, type DialectForm } from './dialect-panel';

export function PusherPanel({ app }: { app: App }) {
  const form = useForm<DialectForm>({ initialValues: { on: app.settings.dialects.pusher } });
  return (
    <DialectPanel
      app={app}
      dialect="pusher"
      title="Pusher"
      help="For pusher-js, Laravel Echo and the Pusher server SDKs. This console’s test messages and channel list use it too."
      form={form}
      fields={{}}
      settings={() => ({})}
    />
  );
}

type AuthEndpoint = App['settings']['relay']['auth_endpoint'];
type AppPath = App['settings']['relay']['app_path'];

const APP_PATH: Record<AppPath, string> = {
  auto: 'Tell them apart',
  pusher: 'Always Pusher',
  relay: 'Always Relay',
};

const AUTH_ENDPOINT: Record<AuthEndpoint, { label: string; means: string; warning?: string }> = {
  off: {
    label: 'Nobody',
    means: 'Your own back end signs, as every SDK expects. The endpoint answers 403.',
  },
  backend: {
    label: 'Back ends with the app secret',
    means: 'Saves a back end that has the secret from computing the signature itself.',
  },
  credentialed: {
    label: 'Clients with a key or token',
    means: 'Clients that present a publishable key or a signed token, for the channels below.',
    warning:
      'A publishable key is in the code of your page: whoever opens it can join the channels below and read them.',
  },
  anonymous: {
    label: 'Anybody',
    means: 'No credential at all, for the channels below. The service chooses the user ids.',
    warning:
      'Whoever knows the app id can join the channels below and read them. Treat them as public, whatever their names say.',
  },
};

type RelayForm = DialectForm & {
  app_path: AppPath;
  auth_endpoint: AuthEndpoint;
  auth_channels: string[];
};

export function RelayPanel({ app }: { app: App }) {
  const form = useForm<RelayForm>({
    initialValues: { on: app.settings.dialects.relay, ...app.settings.relay },
    validate: {
      auth_channels: (patterns) => {
        const bad = patterns.find((pattern) => patternProblem(pattern) !== null);
        return bad === undefined ? null : `${bad}: ${patternProblem(bad)}`;
      },
    },
  });
  const { auth_endpoint: level } = form.values;
  const { means, warning } = AUTH_ENDPOINT[level];
  return (
    <DialectPanel
      app={app}
      dialect="relay"
      title="Relay"
      help="Plain JSON over a WebSocket, and an API whose Bearer is the app secret or a secret key."
      form={form}
      fields={{
        app_path: { label: 'Sockets on /app/{key}', show: (path) => APP_PATH[path] },
        auth_endpoint: { label: 'Private channels signed for', show: (who) => AUTH_ENDPOINT[who].label },
        auth_channels: { label: 'Channels it signs' },
      }}
      settings={({ app_path, auth_endpoint, auth_channels }) => ({
        relay: { app_path, auth_endpoint, auth_channels },
      })}
    >
      <Select
        label="Sockets on /app/{key}"
        description="Pusher clients open the same address. They say which protocol they speak; Relay clients do not."
        allowDeselect={false}
        data={Object.entries(APP_PATH).map(([value, label]) => ({ value, label }))}
        {...form.getInputProps('app_path')}
      />
      <Select
        label="Who may have private channels signed"
        description={`At /apps/{id}/auth. ${means}`}
        allowDeselect={false}
        data={Object.entries(AUTH_ENDPOINT).map(([value, { label }]) => ({ value, label }))}
        {...form.getInputProps('auth_endpoint')}
      />
      {warning && (
        <>
          <Notice tone="warn" icon={<ShieldAlert size={17} aria-hidden />} title={warning} />
          <TagsInput
            label="Channels it signs"
            description="Patterns; without one it signs none. * stays within a segment, ** crosses /. Enter adds one."
            placeholder="private-lobby.*"
            {...form.getInputProps('auth_channels')}
          />
        </>
      )}
    </DialectPanel>
  );
}
