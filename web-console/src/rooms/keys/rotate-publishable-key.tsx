import { Button, Group, Modal, Stack } from '@mantine/core';
import { CircleCheck } from 'lucide-react';
import { useRotatePublishableKey } from '../../api/publishable-keys';
import type { App, PublishableKey } from '../../api/types';
import { CopyField } from '../../ui/copy';
import { Notice } from '../../ui/page';
import { Time } from '../../ui/time';
import { OverlapForm } from './overlap-form';

export function RotatePublishableKeyDialog({
  app,
  rotating,
  onClose,
}: {
  app: App;
  rotating: PublishableKey | null;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={rotating !== null}
      onClose={onClose}
      title={rotating ? `Rotate ${rotating.name}` : ''}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {rotating && <RotateForm app={app} item={rotating} onClose={onClose} />}
    </Modal>
  );
}

function RotateForm({ app, item, onClose }: { app: App; item: PublishableKey; onClose: () => void }) {
  const rotate = useRotatePublishableKey(app.id, item.key);
  if (!rotate.data) {
    return (
      <OverlapForm rotate={rotate} words="key" onRotated={() => {}} onClose={onClose}>
        Another key is made that may do the same. Clients with the previous one go on until it ends; ship the
        new one to them meanwhile. When the previous one was last used is shown until then.
      </OverlapForm>
    );
  }
  const { key: made, replaced, receipt } = rotate.data;
  return (
    <Stack gap="md">
      <Notice
        tone="good"
        role="status"
        icon={<CircleCheck size={17} aria-hidden />}
        title={`${made.name} has a new key`}
      >
        <p style={{ margin: 0 }}>
          {receipt ? (
            'The previous key is refused, and its clients are disconnected.'
          ) : replaced.expires_at ? (
            <>
              The previous key ends <Time iso={replaced.expires_at} />.
            </>
          ) : (
            'The previous key works on.'
          )}
        </p>
      </Notice>
      <CopyField label="New key" value={made.key} wrap testId="rotated-key" />
      <Group justify="flex-end">
        <Button onClick={onClose} data-autofocus>
          Close
        </Button>
      </Group>
    </Stack>
  );
}
