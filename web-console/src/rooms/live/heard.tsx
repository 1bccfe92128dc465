import { useState } from 'react';
import { heardAs, type Draft } from '../../publish/draft';
import type { DialectId } from '../../snippets/values';
import { CodeBlock, prettyJson } from '../../ui/code';
import css from './live.module.css';

/** Under the publish form: what the clients of each dialect will hear. */
export function HeardAs({ draft, among }: { draft: Draft; among: readonly DialectId[] }) {
  const [open, setOpen] = useState(false);
  const heard = heardAs(draft, (json) => prettyJson(json).code).filter(({ dialect }) =>
    among.includes(dialect),
  );
  return (
    <details className={css.heard} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What clients of each dialect hear</summary>
      {open && (
        <dl>
          {heard.map(({ dialect, label, call, value }) => (
            <div key={dialect}>
              <dt>
                {label} <code>{call}</code>
              </dt>
              <dd>
                <CodeBlock code={value} language="json" label={`${label} hears`} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </details>
  );
}
