import { UnstyledButton } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ChevronRight, Inbox } from 'lucide-react';
import { useId, useState } from 'react';
import { attemptQuery, attemptsQuery, type Attempt, type Endpoint, type Owner } from '../../api/webhooks';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { EmptyState, Panel, Tag } from '../../ui/page';
import { Time } from '../../ui/time';
import { didTake, statusWords } from '../../webhooks/attempt';
import { AttemptView } from './attempt-view';
import css from './webhooks.module.css';

/** Every request that was made to the endpoint, whatever it carried. */
export function Attempts({ owner, endpoint }: { owner: Owner; endpoint: Endpoint }) {
  const attempts = useInfiniteQuery(attemptsQuery(owner, endpoint.id));
  return (
    <Panel flush>
      <Loaded
        query={attempts}
        label="requests"
        empty={({ pages }) =>
          pages[0]?.items.length === 0 && (
            <EmptyState icon={<Inbox size={20} />} title="No request yet">
              Each one is kept here for seven days, with what was sent and what was answered.
            </EmptyState>
          )
        }
      >
        {({ pages }) => (
          <AttemptList owner={owner} endpoint={endpoint} items={pages.flatMap((page) => page.items)} />
        )}
      </Loaded>
      <ShowMore query={attempts} />
    </Panel>
  );
}

/** Requests one below the other, each to be unfolded. */
export function AttemptList({
  owner,
  endpoint,
  items,
  openFirst,
}: {
  owner: Owner;
  endpoint: Endpoint;
  items: Attempt[];
  openFirst?: boolean;
}) {
  return (
    <ul className={css.attempts}>
      {items.map((attempt, index) => (
        <AttemptItem
          key={attempt.id}
          owner={owner}
          endpoint={endpoint}
          attempt={attempt}
          startsOpen={openFirst === true && index === 0}
        />
      ))}
    </ul>
  );
}

function AttemptItem({
  owner,
  endpoint,
  attempt,
  startsOpen,
}: {
  owner: Owner;
  endpoint: Endpoint;
  attempt: Attempt;
  startsOpen: boolean;
}) {
  const [open, setOpen] = useState(startsOpen);
  const id = useId();
  return (
    <li className={css.attemptItem} data-testid="attempt-row">
      <UnstyledButton
        className={css.attemptHead}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <ChevronRight size={15} aria-hidden className={css.chevron} />
        <span>
          <Tag tone={didTake(attempt) ? 'good' : 'bad'}>{attempt.status ?? 'no answer'}</Tag>
        </span>
        <span className={css.attemptWords}>
          {statusWords(attempt)}
          <span className={css.sub}>
            {attempt.attempt === 1 ? 'first try' : `try ${attempt.attempt}`} ·{' '}
            {attempt.events === 1 ? 'one event' : `${attempt.events} events`} ·{' '}
            {attempt.duration_ms.toLocaleString('en')} ms
          </span>
        </span>
        <span className={css.nowrap}>
          <Time iso={attempt.at} />
        </span>
      </UnstyledButton>
      <div id={id} className={css.attemptBody} hidden={!open}>
        {open && <AttemptLoaded owner={owner} endpoint={endpoint} id={attempt.id} />}
      </div>
    </li>
  );
}

function AttemptLoaded({ owner, endpoint, id }: { owner: Owner; endpoint: Endpoint; id: string }) {
  const attempt = useQuery(attemptQuery(owner, endpoint.id, id));
  return (
    <Loaded query={attempt} label="the request">
      {(found) => <AttemptView url={endpoint.url} attempt={found} isHeaded />}
    </Loaded>
  );
}
