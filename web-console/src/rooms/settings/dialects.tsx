import { Select, TagsInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { ShieldAlert } from 'lucide-react';
import type { App } from '../../api/types';
import { patternProblem } from '../../scopes/pattern';
import { Notice } from '../../ui/page';
import { AnyCablePanel } from './anycable';
import { DialectPanel, type DialectForm } from './dialect-panel';
import { MeteredPanel } from './metered';
import css from './settings.module.css';

/** Which systems' clients the app understands, each with the settings that are its own. */
export function DialectPanels({ app }: { app: App }) {
  return (
    <section className={css.stack} aria-labelledby="dialects">
      <div className={css.sectionHead}>
        <h2 id="dialects">Dialects</h2>
        <p>
          The same channels, in the words of several systems. A message from one reaches the subscribers of
          all. What is off refuses its clients and back ends.
        </p>
      </div>
      <PusherPanel app={app} />
      <RelayPanel app={app} />
      <AnyCablePanel app={app} />
      <MeteredPanel app={app} />
    </section>
  );
}

function PusherPanel({ app }: { app: App }) {
  const form = useForm<DialectForm>({ initialValues: { on: app.settings.dialects.pusher } });
  return (
    <DialectPanel
      app={app}
      dialect="pusher"
      title="Pusher"
      help="For pusher-js, Laravel Echo and the Pusher server SDKs. This console’s test messages and channel list use it too."
      form={form}
      settings={() => ({})}
    />
  );
}

type AuthEndpoint = App['settings']['relay']['auth_endpoint'];
type AppPath = App['settings']['relay']['app_path'];

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

function RelayPanel({ app }: { app: App }) {
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
      settings={({ app_path, auth_endpoint, auth_channels }) => ({
        relay: { app_path, auth_endpoint, auth_channels },
      })}
    >
      <Select
        label="Sockets on /app/{key}"
        description="Pusher clients open the same address. They say which protocol they speak; Relay clients do not."
        allowDeselect={false}
        data={[
          { value: 'auto', label: 'Tell them apart' },
          { value: 'pusher', label: 'Always Pusher' },
          { value: 'relay', label: 'Always Relay' },
        ]}
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
