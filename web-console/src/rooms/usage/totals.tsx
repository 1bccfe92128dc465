import type { Usage } from '../../api/types';
import { bytes, count } from '../../ui/amount';
import css from './usage.module.css';

/** `ofKey`: of one key only. Which connections are open is known of the whole app, not of a key. */
export function Totals({ usage, ofKey = false }: { usage: Usage; ofKey?: boolean }) {
  const { total, connections, connections_open } = usage;
  const refused = Object.values(total.refused).reduce((sum, n) => sum + n, 0);
  const facts: [string, string, string][] = [
    [
      'Messages',
      count(total.units),
      `units: ${count(total.published_units)} in, ${count(total.delivered_units)} out`,
    ],
    ['Published', count(total.published), `${bytes(total.bytes_in)} in`],
    ['Delivered', count(total.delivered), `${bytes(total.bytes_out)} out`],
    ofKey
      ? ['Connections opened', count(total.connections_opened), 'with this key']
      : [
          'Connections now',
          count(connections_open),
          `peak ${count(connections.peak)}, p99 ${count(connections.p99)}`,
        ],
    ['Refused', count(refused), refused === 0 ? 'nothing was' : 'free of charge'],
  ];
  return (
    <dl className={css.totals}>
      {facts.map(([name, value, more]) => (
        <div key={name} data-testid={`total-${name.split(' ')[0]?.toLowerCase()}`}>
          <dt>{name}</dt>
          <dd>
            {value}
            <small>{more}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
