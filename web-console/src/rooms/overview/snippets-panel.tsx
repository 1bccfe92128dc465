import { Button, Tabs } from '@mantine/core';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useFreshSecret, useFreshToken } from '../../api/fresh-secrets';
import { useCreateKey } from '../../api/keys';
import { uuid } from '../../api/random';
import type { App } from '../../api/types';
import { snippets, type Snippet } from '../../snippets/snippets';
import { CodeBlock } from '../../ui/code';
import { CopyIcon } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { TextLink } from '../../ui/link';
import { Panel } from '../../ui/page';
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
  const fresh = useFreshSecret(app.id);
  const token = useFreshToken(app.id);
  const all = snippets({
    gatewayUrl,
    appId: app.id,
    key: fresh?.key ?? appKey ?? 'YOUR_APP_KEY',
    secret: fresh?.secret ?? null,
    token: token ?? null,
    channel: channel || 'my-channel',
    event: event || 'my-event',
  });
  return (
    <div className={css.columns}>
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
  const createKey = useCreateKey(app.id);
  const [idempotencyKey] = useState(uuid);
  if (snippet.missing === 'secret') {
    return (
      <p className={css.note} style={{ marginTop: '0.75rem' }}>
        Put in your app secret. It was shown once;{' '}
        <TextLink to="/apps/$appId/keys" params={{ appId: app.id }}>
          mint a new pair
        </TextLink>{' '}
        to have it filled in.
      </p>
    );
  }
  if (snippet.missing === 'token') {
    return (
      <div className={css.snippetHead} style={{ marginBottom: 0 }}>
        <p className={css.note}>Needs a secret key that may publish.</p>
        <Button
          size="xs"
          variant="light"
          leftSection={<KeyRound size={14} aria-hidden />}
          loading={createKey.isPending}
          onClick={() =>
            createKey.mutate({
              name: 'First publisher',
              actions: ['publish'],
              channels: ['**'],
              idempotencyKey,
            })
          }
        >
          Create one and fill it in
        </Button>
        {createKey.error && <ErrorNotice error={createKey.error} />}
      </div>
    );
  }
  return null;
}
