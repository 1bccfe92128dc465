import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, SearchX } from 'lucide-react';
import { asProblem } from '../../api/problem';
import { refusalQuery } from '../../api/usage';
import type { Refusal } from '../../api/types';
import { count } from '../../ui/amount';
import { Loaded } from '../../ui/loading';
import { Mono, Notice } from '../../ui/page';
import { Time } from '../../ui/time';
import { causeOf } from './causes';
import css from './refusals.module.css';

export function Found({
  app,
  requestId,
  names,
  onKey,
}: {
  app: string;
  requestId: string;
  names: ReadonlyMap<string, string>;
  /** Shows what else was refused of a key. */
  onKey: (key: string) => void;
}) {
  const refusal = useQuery(refusalQuery(app, requestId));
  if (refusal.error && asProblem(refusal.error).status === 404) {
    return (
      <div className={css.found}>
        <Notice
          tone="warn"
          role="status"
          icon={<SearchX size={17} aria-hidden />}
          title="No refusal of this app has that id"
        >
          <p style={{ margin: 0 }}>
            It may be another app’s, older than seven days, or one of very many. A moment after the request it
            may not have arrived yet.
          </p>
        </Notice>
      </div>
    );
  }
  return (
    <div className={css.found}>
      <Loaded query={refusal} label="the refusal">
        {(found) => <Details refusal={found} names={names} onKey={onKey} />}
      </Loaded>
    </div>
  );
}

function Details({
  refusal,
  names,
  onKey,
}: {
  refusal: Refusal;
  names: ReadonlyMap<string, string>;
  onKey: (key: string) => void;
}) {
  const cause = causeOf(refusal.code);
  const { key } = refusal;
  const facts: [string, React.ReactNode][] = [
    ['When', <Time key="at" iso={refusal.at} />],
    ['Code', <Mono key="code">{refusal.code}</Mono>],
    ['What', `${refusal.action} (${refusal.dialect}, ${refusal.transport})`],
    ['Channel', refusal.channel && <Mono key="channel">{refusal.channel}</Mono>],
    [
      'Key',
      key && (
        <span key="key">
          {names.has(key) && <>{names.get(key)} </>}
          <Mono>{key}</Mono>{' '}
          <Anchor component="button" type="button" size="sm" onClick={() => onKey(key)}>
            Only this key
          </Anchor>
        </span>
      ),
    ],
    ['Rule', refusal.rule && <Mono key="rule">{refusal.rule}</Mono>],
    [
      'Used of limit',
      refusal.limit !== null &&
        `${refusal.used === null ? '?' : count(refusal.used)} of ${count(refusal.limit)}`,
    ],
    ['Allows more', refusal.resets_at && <Time key="resets" iso={refusal.resets_at} />],
  ];
  return (
    <div data-testid="refusal">
      <Notice tone="bad" icon={<CircleAlert size={17} aria-hidden />} title={cause?.label ?? refusal.code}>
        <p style={{ margin: 0 }}>
          {refusal.message}
          {cause && <> · {cause.advice}</>}
        </p>
      </Notice>
      <dl className={css.facts}>
        {facts
          .filter(([, value]) => value !== null && value !== false && value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </div>
  );
}
