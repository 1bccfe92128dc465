import { useInfiniteQuery } from '@tanstack/react-query';
import { credentialsQuery } from '../../api/apps';
import { useFreshSecret } from '../../api/fresh-secrets';
import { quote } from '../../snippets/quote';
import { SECRET_PLACEHOLDER } from '../../snippets/values';
import { TextLink } from '../../ui/link';
import { CodeBlock } from '../../ui/code';
import { Panel } from '../../ui/page';
import { useApp } from '../../frame/use-apps';
import css from './webhooks.module.css';

/** The same events, printed in a terminal: to look at them, and to try a handler that runs on this machine. */
export function ListenPanel({ app }: { app: string }) {
  const { organisation_id } = useApp();
  const credentials = useInfiniteQuery(credentialsQuery(app));
  const fresh = useFreshSecret(app);
  const origin = window.location.origin;
  const key =
    fresh?.key ?? credentials.data?.pages.flatMap((page) => page.items).at(-1)?.key ?? 'YOUR_APP_KEY';
  const signed = `--key ${key} --secret ${quote.shell(fresh?.secret ?? SECRET_PLACEHOLDER)}`;
  return (
    <Panel
      title="In your terminal"
      help="Prints this app’s events as they happen, with no endpoint and no tunnel. Needs Python, nothing else"
    >
      <div className={css.listen}>
        <div>
          <p className={css.step}>Get the tool, once</p>
          <CodeBlock
            language="bash"
            label="Get signalbox"
            code={`curl -fsS ${origin}/cli/signalbox -o signalbox && chmod +x signalbox`}
          />
        </div>
        <div>
          <p className={css.step}>
            Listen, with a{' '}
            <TextLink to="/organisations/$orgId/tokens" params={{ orgId: organisation_id }}>
              management token
            </TextLink>{' '}
            that may see apps
          </p>
          <CodeBlock
            language="bash"
            label="Listen"
            testId="listen-command"
            code={`export SIGNALBOX_URL=${origin} SIGNALBOX_TOKEN=mt_sbx_…
./signalbox listen --app ${app}`}
          />
        </div>
        <div>
          <p className={css.step}>
            Or pass every event on to the handler you are writing, signed as ours are
          </p>
          <CodeBlock
            language="bash"
            label="Listen and forward"
            testId="forward-command"
            code={`./signalbox listen --app ${app} --forward http://localhost:3000/webhooks \\
  ${signed}`}
          />
        </div>
      </div>
    </Panel>
  );
}
