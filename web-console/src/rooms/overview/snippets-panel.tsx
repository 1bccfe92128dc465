import { Button, SegmentedControl, Tabs } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { CirclePause, KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useFreshSecret, useFreshToken } from '../../api/fresh-secrets';
import { useCreateKey } from '../../api/keys';
import { publishableKeysQuery, usableKey, useCreatePublishableKey } from '../../api/publishable-keys';
import { uuid } from '../../api/random';
import type { App } from '../../api/types';
import { DIALECTS, snippets, type DialectId, type Snippet } from '../../snippets/snippets';
import { CodeBlock } from '../../ui/code';
import { CopyIcon } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { TextLink } from '../../ui/link';
import { Notice, Panel } from '../../ui/page';
import css from './overview.module.css';

export function SnippetsPanel({
  app,
  appKey,
  gatewayUrl,
  channel,
  event,
}: {
  app: App;
  appKey: string | undefined;
  gatewayUrl: string;
  channel: string;
  event: string;
}) {
  const [dialect, setDialect] = useState<DialectId>('pusher');
  const fresh = useFreshSecret(app.id);
  const tokens = useFreshToken(app.id);
  const publishable = useInfiniteQuery(publishableKeysQuery(app.id));
  const { anonymous, public_streams } = app.settings.anycable;
  const all = snippets({
    gatewayUrl,
    appId: app.id,
    key: fresh?.key ?? appKey ?? 'YOUR_APP_KEY',
    secret: fresh?.secret ?? null,
    token: tokens?.token ?? null,
    signingToken: tokens?.signingToken ?? null,
    publishable: usableKey(publishable.data?.pages.flatMap((page) => page.items) ?? []),
    openStreams: anonymous && public_streams,
    channel: channel || 'my-channel',
    event: event || 'my-event',
  }).filter((snippet) => snippet.dialect === dialect);
  const { label, help } = DIALECTS.find(({ id }) => id === dialect) ?? DIALECTS[0];
  return (
    <section className={css.stack} aria-label="Code">
      <div className={css.dialects}>
        <div>
          <h2 className={css.dialectsTitle}>In your own code</h2>
          <p className={css.note}>{help}</p>
        </div>
        <SegmentedControl
          aria-label="Dialect"
          value={dialect}
          onChange={(value) => setDialect(value as DialectId)}
          data={DIALECTS.map(({ id, label }) => ({ value: id, label }))}
        />
      </div>
      {!app.settings.dialects[dialect] && (
        <Notice
          tone="warn"
          icon={<CirclePause size={17} aria-hidden />}
          title={`${label} is switched off for this app`}
        >
          <p style={{ margin: 0 }}>
            Its clients and back ends are refused.{' '}
            <TextLink to="/apps/$appId/settings/$section" params={{ appId: app.id, section: dialect }}>
              Switch it on in Settings
            </TextLink>
            .
          </p>
        </Notice>
      )}
      {/* Keyed by dialect: each starts at its own first tab. */}
      <div className={css.columns} key={dialect}>
        <SnippetTabs
          title="Receive"
          help="In your users’ browsers"
          list={all.filter(({ side }) => side === 'receive')}
          app={app}
        />
        <SnippetTabs
          title="Publish"
          help="From your back end"
          list={all.filter(({ side }) => side === 'publish')}
          app={app}
        />
      </div>
    </section>
  );
}

function SnippetTabs({ title, help, list, app }: { title: string; help: string; list: Snippet[]; app: App }) {
  const [tab, setTab] = useState(list[0]?.id ?? null);
  return (
    <Panel title={title} help={help}>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List aria-label={`${title} with`}>
          {list.map((snippet) => (
            <Tabs.Tab key={snippet.id} value={snippet.id}>
              {snippet.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {list.map((snippet) => (
          <Tabs.Panel key={snippet.id} value={snippet.id}>
            <div className={css.snippetHead}>
              {snippet.install ? (
                <span className={css.install}>
                  {snippet.install} <CopyIcon value={snippet.install} label="install command" />
                </span>
              ) : (
                <span className={css.note}>Nothing to install</span>
              )}
            </div>
            <CodeBlock
              code={snippet.code}
              language={snippet.language}
              label={`${snippet.label} snippet`}
              testId={`snippet-${snippet.id}`}
            />
            <Missing snippet={snippet} app={app} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Panel>
  );
}

/** Says which value is still to be put in, and offers the way to it. */
function Missing({ snippet, app }: { snippet: Snippet; app: App }) {
  const secret = useCreateKey(app.id);
  const publishable = useCreatePublishableKey(app.id);
  const [idempotencyKey] = useState(uuid);
  switch (snippet.missing) {
    case null:
      return null;
    case 'secret':
      return (
        <p className={css.note} style={{ marginTop: '0.75rem' }}>
          Put in your app secret. It was shown once;{' '}
          <TextLink to="/apps/$appId/keys" params={{ appId: app.id }}>
            mint a new pair
          </TextLink>{' '}
          to have it filled in.
        </p>
      );
    case 'token':
      return (
        <MissingKey
          needs="Needs a secret key that may publish."
          making={secret}
          onMake={() =>
            secret.mutate({
              name: 'First publisher',
              actions: ['publish'],
              channels: ['**'],
              idempotencyKey,
            })
          }
        />
      );
    case 'signing-token':
      return (
        <MissingKey
          needs="Needs a secret key with a signing secret, and no fewer rights than the peers get."
          making={secret}
          onMake={() =>
            secret.mutate({
              name: 'First token issuer',
              actions: ['publish', 'subscribe', 'presence', 'send'],
              channels: ['**'],
              token_secret: true,
              idempotencyKey,
            })
          }
        />
      );
    case 'publishable':
      return (
        <MissingKey
          needs="Needs a publishable key that may subscribe."
          making={publishable}
          onMake={() =>
            publishable.mutate({
              name: 'First clients',
              actions: ['publish', 'subscribe', 'presence'],
              channels: ['**'],
              allowed_origins: [],
              allow_no_origin: false,
              ice_servers: true,
              idempotencyKey,
            })
          }
        />
      );
  }
}

function MissingKey({
  needs,
  making,
  onMake,
}: {
  needs: string;
  making: { isPending: boolean; error: Error | null };
  onMake: () => void;
}) {
  return (
    <div className={css.snippetHead} style={{ marginBottom: 0 }}>
      <p className={css.note}>{needs}</p>
      <Button
        size="xs"
        variant="light"
        leftSection={<KeyRound size={14} aria-hidden />}
        loading={making.isPending}
        onClick={onMake}
      >
        Create one and fill it in
      </Button>
      {making.error && <ErrorNotice error={making.error} />}
    </div>
  );
}
