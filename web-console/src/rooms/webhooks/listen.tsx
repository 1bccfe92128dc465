import { TextLink } from '../../ui/link';
import { CodeBlock } from '../../ui/code';
import { Panel } from '../../ui/page';
import { useApp } from '../../frame/use-apps';
import css from './webhooks.module.css';

/** The same events, printed in a terminal: to look at them, and to try a handler that runs on this machine. */
export function ListenPanel({ app }: { app: string }) {
  const { organisation_id } = useApp();
  const origin = window.location.origin;
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
          <p className={css.step}>Or pass every event on to the handler you are writing</p>
          <CodeBlock
            language="bash"
            label="Listen and forward"
            code={`./signalbox listen --app ${app} --forward http://localhost:3000/webhooks`}
          />
        </div>
      </div>
    </Panel>
  );
}
