import type { Endpoint } from '../api/webhooks-types';

export type Health = {
  tone: 'good' | 'warn' | 'bad' | 'neutral';
  label: string;
  /** What it means, in a sentence. */
  words: string;
  /** A moment that belongs to it: past, or the end of a rest. */
  at?: { is: 'since' | 'rests_until'; iso: string };
};

type Seen = Pick<Endpoint, 'enabled' | 'disabled_why' | 'failing_since' | 'rests_until' | 'stats'>;

/** How an endpoint is doing, from what the API says about it. */
export function healthOf(endpoint: Seen, nowMs: number = Date.now()): Health {
  const { stats, rests_until } = endpoint;
  if (!endpoint.enabled) {
    switch (endpoint.disabled_why) {
      case 'failing':
        return {
          tone: 'bad',
          label: 'Disabled: failing',
          words: 'Nothing was taken here for five days, so nothing is sent any more.',
        };
      case 'gone':
        return {
          tone: 'bad',
          label: 'Disabled: gone',
          words: 'It answered 410 Gone, which asks us to stop.',
        };
      default:
        return { tone: 'neutral', label: 'Disabled', words: 'Switched off: nothing is sent.' };
    }
  }
  if (rests_until && Date.parse(rests_until) > nowMs) {
    return {
      tone: 'bad',
      label: 'Resting',
      words:
        'The last attempts failed, so nothing is sent here for a while. Events are kept; then they are tried again in their order.',
      at: { is: 'rests_until', iso: rests_until },
    };
  }
  if (endpoint.failing_since) {
    return {
      tone: 'bad',
      label: 'Failing',
      words:
        'Every attempt fails. Events are kept and tried again, with longer and longer rests between; after five days without one success it is disabled.',
      at: { is: 'since', iso: endpoint.failing_since },
    };
  }
  if (stats.pending > 0) {
    return { tone: 'good', label: 'Delivering', words: 'Events are on their way.' };
  }
  if (stats.last_success_at === null) {
    return { tone: 'neutral', label: 'Nothing sent yet', words: 'It waits for the first event.' };
  }
  return { tone: 'good', label: 'Healthy', words: 'Everything so far was taken.' };
}

/** A bounded count: the API stops counting there. */
export const COUNTED_TO = 10_000;
export const countUpTo = (n: number): string =>
  n >= COUNTED_TO ? `${COUNTED_TO.toLocaleString('en')}+` : n.toLocaleString('en');
