import type { LiveKind } from '../../live/event';
import type { Tone } from '../../ui/page';

export const KIND_TONES: Record<LiveKind, Tone> = {
  connection_opened: 'good',
  connection_closed: 'neutral',
  subscribed: 'info',
  unsubscribed: 'neutral',
  published: 'accent',
  client_event: 'violet',
  refused: 'bad',
  webhook: 'warn',
};
