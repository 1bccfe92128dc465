import { Button } from '@mantine/core';
import { KeyRound } from 'lucide-react';
import { Mono, Notice } from '../../ui/page';
import { NO_KEY } from './parts';

/** Says that only a part is shown, and leads back. An empty name: what belongs to no key. */
export function OneKey({ name, onAll }: { name: string; onAll: () => void }) {
  return (
    <Notice
      tone="neutral"
      icon={<KeyRound size={17} aria-hidden />}
      title={name === '' ? NO_KEY : 'One key of this app'}
    >
      <p style={{ margin: '0 0 0.5rem' }}>
        {name === '' ? (
          'Only what came without a key that is known.'
        ) : (
          <>
            Only what came with <Mono>{name}</Mono>, and what was delivered to connections that came with it.
          </>
        )}
      </p>
      <Button size="xs" variant="default" onClick={onAll}>
        Show all keys
      </Button>
    </Notice>
  );
}
