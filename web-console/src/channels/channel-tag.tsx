import { Tag, type Tone } from '../ui/page';
import { channelKind, type ChannelKind } from './name';

const TONES: Record<ChannelKind, Tone> = {
  public: 'neutral',
  private: 'info',
  encrypted: 'violet',
  presence: 'accent',
};

export function ChannelTag({ name }: { name: string }) {
  const { kind, cache } = channelKind(name);
  return (
    <>
      <Tag tone={TONES[kind]}>{kind}</Tag>
      {cache && <Tag>cache</Tag>}
    </>
  );
}
