import { Button, Group, Modal, Stack } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import type { NewCredential } from '../../api/types';
import { CopyField } from '../../ui/copy';
import { Notice } from '../../ui/page';

/** A new pair, shown once: only its own button puts it away. */
export function MintedPairDialog({ minted, onClose }: { minted: NewCredential | null; onClose: () => void }) {
  return (
    <Modal
      opened={minted !== null}
      onClose={onClose}
      title="New credentials"
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      {minted && (
        <Stack gap="md">
          <Notice
            tone="warn"
            role="status"
            icon={<TriangleAlert size={17} aria-hidden />}
            title="Copy the secret now. This is the only time it is shown."
          />
          <div>
            <CopyField label="Key" value={minted.key} />
            <CopyField label="Secret" value={minted.secret} wrap testId="minted-secret" />
          </div>
          <Group justify="flex-end">
            <Button onClick={onClose}>I have stored it</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
