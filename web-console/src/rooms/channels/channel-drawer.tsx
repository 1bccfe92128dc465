import { Drawer, Group, Stack } from '@mantine/core';
import { Activity, Cable } from 'lucide-react';
import type { Channel } from '../../api/channels';
import { ChannelTag } from '../../channels/channel-tag';
import { KIND_LABELS, summary } from '../../live/event';
import { useLive } from '../../live/live-context';
import { ButtonLink } from '../../ui/link';
import { Tag } from '../../ui/page';
import { clockTime } from '../../ui/time';
import { KIND_TONES } from '../live/kinds';
import css from './channels.module.css';
import { Memory } from './memory';

const SHOWN = 30;

/** One channel: how many hear it, and what has happened on it while this page was open. */
export function ChannelDrawer({
  appId,
  channel,
  onClose,
}: {
  appId: string;
  channel: Channel | null;
  onClose: () => void;
}) {
  return (
    <Drawer
      opened={channel !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={channel?.name ?? ''}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {channel && <ChannelView appId={appId} channel={channel} />}
    </Drawer>
  );
}

function ChannelView({ appId, channel }: { appId: string; channel: Channel }) {
  const { rows } = useLive();
  const own = rows.filter((row) => row.channel === channel.name);
  const facts: [string, React.ReactNode][] = [
    [
      'Kind',
      <span key="kind" className={css.tags}>
        <ChannelTag name={channel.name} />
      </span>,
    ],
    ['Subscriptions', channel.subscriptions?.toLocaleString('en') ?? '–'],
    ['Users', channel.users?.toLocaleString('en') ?? 'only counted on presence channels'],
  ];
  return (
    <Stack gap="lg" data-testid="channel">
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Group gap="xs">
        <ButtonLink
          to="/apps/$appId/live"
          params={{ appId }}
          search={{ channel: channel.name }}
          variant="default"
          leftSection={<Activity size={15} aria-hidden />}
        >
          Watch it live
        </ButtonLink>
        <ButtonLink
          to="/apps/$appId/connections"
          params={{ appId }}
          search={{ channel: channel.name }}
          variant="default"
          leftSection={<Cable size={15} aria-hidden />}
        >
          Who hears it
        </ButtonLink>
      </Group>
      <Memory appId={appId} name={channel.name} />
      <section aria-label="Lately">
        <h3 className={css.lately}>Lately, while this page was open</h3>
        {own.length === 0 ? (
          <p className={css.count}>Nothing yet. What happens on it from now on shows up here.</p>
        ) : (
          <ol className={css.events}>
            {own.slice(0, SHOWN).map((row) => (
              <li key={row.id}>
                <time dateTime={new Date(row.atMs).toISOString()}>{clockTime(row.atMs)}</time>
                <Tag tone={KIND_TONES[row.kind]}>{KIND_LABELS[row.kind]}</Tag>
                <span>
                  {row.event && <strong>{row.event}</strong>} <code>{summary(row)}</code>
                </span>
              </li>
            ))}
          </ol>
        )}
      </section>
    </Stack>
  );
}
