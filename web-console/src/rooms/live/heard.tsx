import { useState } from 'react';
import { heardAs } from '../../live/heard';
import { CodeBlock } from '../../ui/code';
import css from './live.module.css';

/** Under the publish form: what the clients of each dialect will hear. */
export function HeardAs({ draft }: { draft: { channel: string; name: string; data: string } }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={css.heard} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What clients of each dialect hear</summary>
      {open && (
        <dl>
          {heardAs(draft).map(({ dialect, call, value }) => (
            <div key={dialect}>
              <dt>
                {dialect} <code>{call}</code>
              </dt>
              <dd>
                <CodeBlock code={value} language="json" label={`${dialect} hears`} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </details>
  );
}
