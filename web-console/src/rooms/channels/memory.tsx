import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { channelQuery } from '../../api/connections';
import type { components } from '../../api/schema';
import { CodeBlock, prettyJson } from '../../ui/code';
import { ErrorNotice } from '../../ui/errors';
import { Mono } from '../../ui/page';
import { clockTime } from '../../ui/time';
import css from './channels.module.css';

type KeptEvent = components['schemas']['KeptEvent'];

/** What the service holds of a channel: who is there, what newcomers get, and what was said lately. */
export function Memory({ appId, name }: { appId: string; name: string }) {
  const channel = useQuery({ ...channelQuery(appId, name), refetchInterval: 4_000 });
  if (channel.isPending) {
    return (
      <div role="status" aria-label="Loading what the channel remembers">
        <Skeleton h={16} w="60%" mb={12} />
        <Skeleton h={16} w="45%" />
      </div>
    );
  }
  if (channel.error) return <ErrorNotice error={channel.error} onRetry={() => void channel.refetch()} />;
  const { members, users, cached, events } = channel.data;
  return (
    <>
      {users > 0 && (
        <section aria-label="Members">
          <h3 className={css.lately}>Members</h3>
          <ul className={css.members}>
            {members.map(({ user_id, info }) => (
              <li key={user_id}>
                <Mono>{user_id}</Mono> <code>{info === null ? '' : JSON.stringify(info)}</code>
              </li>
            ))}
          </ul>
          {users > members.length && (
            <p className={css.count}>and {(users - members.length).toLocaleString('en')} more</p>
          )}
        </section>
      )}
      {cached && (
        <section aria-label="For newcomers">
          <h3 className={css.lately}>What newcomers get first</h3>
          <p className={css.count}>
            <Mono>{cached.event}</Mono>, since {clockTime(cached.at_ms)}
          </p>
          <CodeBlock code={prettyJson(cached.data).code} language="json" label="Cached event" />
        </section>
      )}
      {events.length > 0 && (
        <section aria-label="History">
          <h3 className={css.lately}>History</h3>
          <ol className={css.events}>
            {events.map((event, place) => (
              <Said key={`${event.at_ms} ${events.length - place}`} event={event} />
            ))}
          </ol>
        </section>
      )}
    </>
  );
}

function Said({ event }: { event: KeptEvent }) {
  return (
    <li>
      <time dateTime={new Date(event.at_ms).toISOString()}>{clockTime(event.at_ms)}</time>
      <strong>{event.event}</strong>
      <code>{event.data}</code>
    </li>
  );
}
