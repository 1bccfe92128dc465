import { Tabs } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { credentialsQuery } from '../../api/apps';
import { useFreshEndpointSecret, useFreshSecret } from '../../api/fresh-secrets';
import type { Endpoint, Form, Owner } from '../../api/webhooks';
import { verifySnippets } from '../../snippets/webhooks';
import { CodeBlock } from '../../ui/code';
import { CopyIcon } from '../../ui/copy';
import { Panel } from '../../ui/page';
import css from './webhooks.module.css';

/** Code that tells our requests from others, for the form that the endpoint is told in. */
export function Verify({ owner, endpoint }: { owner: Owner; endpoint: Endpoint }) {
  const app = owner.of === 'apps' ? owner.id : '';
  const isSignedByApp = endpoint.form !== 'standard';
  const credentials = useInfiniteQuery({ ...credentialsQuery(app), enabled: isSignedByApp && app !== '' });
  const fresh = useFreshSecret(app);
  const endpointSecret = useFreshEndpointSecret(endpoint.id) ?? null;
  // Signed with the oldest pair that is still active.
  const pair = credentials.data?.pages.flatMap((page) => page.items).at(-1);
  const appKey = pair?.key ?? fresh?.key ?? 'YOUR_APP_KEY';
  const appSecret = fresh && fresh.key === appKey ? fresh.secret : null;
  const list = verifySnippets(endpoint.form, { appId: owner.id, appKey, appSecret, endpointSecret });
  const isMissing = isSignedByApp ? appSecret === null : endpointSecret === null;
  const [tab, setTab] = useState<string | null>(list[0]?.id ?? null);
  return (
    <Panel title="Tell ours from others" help={HOW[endpoint.form]}>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List aria-label="Language">
          {list.map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {list.map(({ id, label, language, install, code }) => (
          <Tabs.Panel key={id} value={id}>
            <p className={css.install}>
              {install ? (
                <>
                  <span className={css.mono}>{install}</span>{' '}
                  <CopyIcon value={install} label="install command" />
                </>
              ) : (
                'Nothing to install'
              )}
            </p>
            <CodeBlock
              code={code}
              language={language}
              label={`${label}, verifying`}
              testId={`snippet-${id}`}
            />
          </Tabs.Panel>
        ))}
      </Tabs>
      <ul className={css.rules}>
        {isMissing && (
          <li>
            Put in {isSignedByApp ? `the secret of the key ${appKey}` : 'the signing secret'}: it was shown
            once, when it was made.
          </li>
        )}
        <li>Check the signature over the body as it came, before it is parsed.</li>
        <li>Answer with 2xx within ten seconds, and do the work afterwards. Anything else is tried again.</li>
        <li>
          An event can come twice: {DOUBLE[endpoint.form]}. The events of one channel come in their order.
        </li>
      </ul>
    </Panel>
  );
}

const HOW: Record<Form, string> = {
  pusher:
    'X-Pusher-Signature is the HMAC-SHA256 of the body, made with the secret of the key in X-Pusher-Key',
  standard:
    'webhook-signature is the HMAC-SHA256 of id, timestamp and body, made with the endpoint’s own secret',
  relay: 'X-Relay-Signature is the HMAC-SHA256 of the body in hex, made with your app secret',
};

const DOUBLE: Record<Form, string> = {
  pusher: 'what it says holds as of time_ms, so taking it twice does no harm if you set a state',
  standard: 'its webhook-id stays the same, so remember the ids of a day',
  relay: 'its timestamp stays the same',
};
