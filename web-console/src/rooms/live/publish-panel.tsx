import { useImperativeHandle, useRef, useState, type Ref } from 'react';
import type { App } from '../../api/types';
import type { LiveEvent } from '../../live/event';
import type { Draft } from '../../publish/draft';
import { DIALECTS, type DialectId } from '../../snippets/values';
import { Panel } from '../../ui/page';
import { PublishForm, type PublishFormHandle } from '../../ui/publish-form';
import { HeardAs } from './heard';

export type PublishHandle = {
  /** Puts what was published into the form, in the dialect in which it was. */
  reuse: (event: LiveEvent) => void;
};

/** Publishes in any dialect that the app speaks, and says what the clients of each will hear. */
export function PublishPanel({ app, ref }: { app: App; ref?: Ref<PublishHandle> }) {
  const spoken = DIALECTS.map(({ id }) => id).filter((id) => app.settings.dialects[id]);
  // With none of them the gateway says so.
  const [first] = spoken.length > 0 ? spoken : (['pusher'] as const);
  const [initial] = useState<Draft>({
    dialect: first ?? 'pusher',
    channel: 'my-channel',
    name: 'my-event',
    data: '{\n  "text": "Hello"\n}',
  });
  const [draft, setDraft] = useState(initial);
  const form = useRef<PublishFormHandle>(null);
  useImperativeHandle(ref, () => ({
    reuse: ({ channel = '', event = '', data = '', dialect }) =>
      form.current?.fill({
        dialect: spoken.find((id) => id === dialect) ?? initial.dialect,
        channel,
        name: event,
        data,
      }),
  }));
  return (
    <Panel title="Publish" help="Ctrl or ⌘ and Enter sends">
      <PublishForm
        ref={form}
        appId={app.id}
        initial={initial}
        dialects={spoken}
        submitLabel="Publish"
        onDraft={setDraft}
      />
      <HeardAs draft={draft} among={spoken satisfies DialectId[]} />
    </Panel>
  );
}
