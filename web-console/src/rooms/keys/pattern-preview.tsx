import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Check, Minus } from 'lucide-react';
import { useState } from 'react';
import { channelsQuery } from '../../api/channels';
import { needsAuthorisation } from '../../channels/name';
import { matches } from '../../scopes/pattern';
import css from './keys.module.css';

const EXAMPLES = [
  'chat',
  'private-chat.42',
  'presence-lobby',
  'devices/7/events',
  'devices/7/sensors/temperature',
  'tenant-a/orders',
];

/** Which names the patterns let in, while they are being typed: the app's own channels first, then examples. */
export function PatternPreview({
  appId,
  patterns,
  forClients,
}: {
  appId: string;
  patterns: readonly string[];
  /** The key is in clients' hands: no pattern lets it into a channel that asks for authorisation. */
  forClients?: boolean;
}) {
  const channels = useQuery(channelsQuery(appId));
  const [tried, setTried] = useState('');
  const own = (channels.data?.items ?? []).map((channel) => channel.name).slice(0, 12);
  const examples = EXAMPLES.filter((name) => !own.includes(name));
  const names = [...(tried ? [tried] : []), ...own, ...examples];
  const byName = names.map((name) => ({
    name,
    by: patterns.find((pattern) => pattern && matches(pattern, name)),
    closed: forClients === true && needsAuthorisation(name),
  }));
  const matched = byName.filter(({ by, closed }) => by !== undefined && !closed).length;
  return (
    <section className={css.preview} aria-label="What the patterns match">
      <div className={css.previewHead}>
        <TextInput
          label="Try a channel"
          placeholder="private-chat.42"
          value={tried}
          onChange={(event) => setTried(event.currentTarget.value)}
          spellCheck={false}
        />
        <p className={css.help} role="status" style={{ marginTop: '0.5rem' }} data-testid="pattern-summary">
          {matched} of {names.length} names match
          {own.length > 0
            ? '; your occupied channels and examples'
            : '; examples, as no channel is occupied now'}
        </p>
      </div>
      <ul className={css.names} tabIndex={0} aria-label="Examples">
        {byName.map(({ name, by, closed }) => (
          <li key={name} data-match={(by !== undefined && !closed) || undefined} data-testid="pattern-name">
            {by === undefined || closed ? (
              <Minus size={14} role="img" aria-label="no match" />
            ) : (
              <Check size={14} role="img" aria-label="match" />
            )}
            {name}
            {closed ? (
              <span className={css.by}>needs a token</span>
            ) : (
              by !== undefined && patterns.length > 1 && <span className={css.by}>by {by}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
