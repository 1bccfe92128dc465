import { FlaskConical, ShieldCheck } from 'lucide-react';
import type { DryRunAnswer } from '../../api/types';
import { count, duration } from '../../ui/amount';
import { Mono, Notice } from '../../ui/page';
import css from './keys.module.css';

/** What a change would have refused of the traffic that was. */
export function DryRunResult({ found }: { found: DryRunAnswer }) {
  const refused = found.actions.filter((action) => action.refused > 0);
  const examples = [
    ...refused.map(({ action, refused, channels }) => ({
      of: `${action}: ${count(refused)}`,
      list: channels,
    })),
    ...(found.origins.length ? [{ of: 'Pages', list: found.origins }] : []),
    ...(found.addresses.length ? [{ of: 'Addresses', list: found.addresses }] : []),
  ];
  return (
    <div data-testid="dry-run" className={css.dryRun}>
      <Notice
        tone={found.refused > 0 ? 'warn' : 'good'}
        role="status"
        icon={
          found.refused > 0 ? <FlaskConical size={17} aria-hidden /> : <ShieldCheck size={17} aria-hidden />
        }
        title={
          found.looked_at === 0
            ? 'The key was not used lately: nothing can be said'
            : found.refused === 0
              ? 'Nothing of the last minutes would have been refused'
              : `${count(found.refused)} of ${count(found.looked_at)} would have been refused`
        }
      >
        <p style={{ margin: 0 }}>
          Looked at {count(found.looked_at)} operations of the last {duration(found.window_s)}
          {found.coverage === 'sampled' && '; there were more than could be remembered'}
          {found.unanswered.length > 0 && `; ${found.unanswered.join(', ')} did not answer`}.
        </p>
      </Notice>
      {examples.map(({ of, list }) => (
        <div key={of}>
          <p className={css.help}>{of}</p>
          <ul className={css.examples}>
            {list.map(({ name, count: n }) => (
              <li key={name}>
                <Mono>{name}</Mono> <span className={css.help}>{count(n)}</span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}
