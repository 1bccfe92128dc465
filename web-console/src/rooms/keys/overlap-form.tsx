import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { uuid } from '../../api/random';
import { ErrorNotice } from '../../ui/errors';
import { OVERLAPS } from './overlap';

export type Rotate = {
  mutate: (
    rotation: { overlap_s: number; idempotencyKey: string },
    options: { onSuccess: () => void },
  ) => void;
  isPending: boolean;
  error: Error | null;
};

/** How long the one before goes on, asked before anything is made. */
export function OverlapForm({
  rotate,
  words,
  children,
  onRotated,
  onClose,
}: {
  rotate: Rotate;
  /** What is replaced. */
  words: 'token' | 'secret' | 'key';
  children: ReactNode;
  /** Told whether the one before has ended at once. */
  onRotated: (hasEnded: boolean) => void;
  onClose: () => void;
}) {
  const [overlap, setOverlap] = useState<string>(OVERLAPS[0].value);
  const [idempotencyKey] = useState(uuid);
  return (
    <Stack gap="md">
      <Text size="sm" c="var(--sb-text-2)">
        {children}
      </Text>
      <Select
        label={`The previous ${words} works for another`}
        data={OVERLAPS}
        value={overlap}
        allowDeselect={false}
        onChange={(value) => value && setOverlap(value)}
      />
      {rotate.error && <ErrorNotice error={rotate.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          loading={rotate.isPending}
          onClick={() =>
            rotate.mutate(
              { overlap_s: Number(overlap), idempotencyKey: `${idempotencyKey}-${overlap}` },
              { onSuccess: () => onRotated(overlap === '0') },
            )
          }
        >
          Make a new {words}
        </Button>
      </Group>
    </Stack>
  );
}
