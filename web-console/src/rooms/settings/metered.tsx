import { ActionIcon, Button, TagsInput, TextInput, Tooltip } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Plus, ShieldAlert, X } from 'lucide-react';
import type { App } from '../../api/types';
import { TextLink } from '../../ui/link';
import { Notice } from '../../ui/page';
import { DialectPanel, type DialectForm } from './dialect-panel';
import { iceServers, iceServersProblem, serverList, type IceRow } from './ice';
import css from './settings.module.css';

type Form = DialectForm & { ice_servers: IceRow[] };

export function MeteredPanel({ app }: { app: App }) {
  const form = useForm<Form>({
    initialValues: {
      on: app.settings.dialects.metered,
      ice_servers: app.settings.metered.ice_servers.map(({ urls, username, credential }) => ({
        urls,
        username: username ?? '',
        credential: credential ?? '',
      })),
    },
    validate: { ice_servers: iceServersProblem },
  });
  const rows = form.values.ice_servers;
  const set = (ice_servers: IceRow[]) => form.setFieldValue('ice_servers', ice_servers);
  const change = (at: number, part: Partial<IceRow>) =>
    set(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  return (
    <DialectPanel
      app={app}
      dialect="metered"
      title="Metered"
      help="For @metered-ca/realtime: peers, direct messages, presence, and signalling for WebRTC calls."
      form={form}
      fields={{ ice_servers: { label: 'ICE servers', show: serverList } }}
      settings={(values) => ({ metered: { ice_servers: iceServers(values.ice_servers) } })}
    >
      <p className={css.note}>
        Its clients connect with a publishable key or a token that your back end signs; both are made in{' '}
        <TextLink to="/apps/$appId/keys" params={{ appId: app.id }}>
          Keys
        </TextLink>
        .
      </p>
      <fieldset className={css.fieldset}>
        <legend>ICE servers</legend>
        <p className={css.note}>
          STUN and TURN servers that peers are greeted with, unless their token brings its own. Without one,
          calls connect only where networks let peers reach each other directly.
        </p>
        {rows.map((row, at) => (
          <div key={at} className={css.iceRow}>
            <TagsInput
              label="Addresses"
              placeholder={row.urls.length === 0 ? 'turn:turn.example.com:3478' : undefined}
              value={row.urls}
              onChange={(urls) => change(at, { urls })}
              splitChars={[',', ' ']}
            />
            <TextInput
              label="User name"
              value={row.username}
              onChange={(event) => change(at, { username: event.currentTarget.value })}
              autoComplete="off"
              spellCheck={false}
            />
            <TextInput
              label="Credential"
              value={row.credential}
              onChange={(event) => change(at, { credential: event.currentTarget.value })}
              autoComplete="off"
              spellCheck={false}
            />
            <Tooltip label="Remove">
              <ActionIcon
                size={36}
                aria-label={`Remove server ${at + 1}`}
                onClick={() => set(rows.filter((_, index) => index !== at))}
              >
                <X size={15} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </div>
        ))}
        {form.errors['ice_servers'] && (
          <p role="alert" className={css.problem}>
            {form.errors['ice_servers']}
          </p>
        )}
        <Button
          mt="sm"
          size="xs"
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          disabled={rows.length >= 16}
          onClick={() => set([...rows, { urls: [], username: '', credential: '' }])}
        >
          Add server
        </Button>
      </fieldset>
      {rows.some(({ credential }) => credential !== '') && (
        <Notice
          tone="warn"
          icon={<ShieldAlert size={17} aria-hidden />}
          title="Every peer receives these credentials and can use the servers with them."
        />
      )}
    </DialectPanel>
  );
}
