import { Button, Group, Modal, Stack } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useRotateCredential } from '../../api/apps';
import { useRotateKey } from '../../api/keys';
import type { App, SecretKey } from '../../api/types';
import { CopyField } from '../../ui/copy';
import { Notice } from '../../ui/page';
import { OverlapForm, type Rotate } from './overlap-form';

export function RotateKeyDialog({
  app,
  rotating,
  onClose,
}: {
  app: App;
  rotating: SecretKey | null;
  onClose: () => void;
}) {
  // Rotating goes on in the dialog after the list has changed: what it began with is kept.
  return (
    <RotateDialog
      opened={rotating !== null}
      title={rotating ? `Rotate the token of ${rotating.name}` : ''}
      onClose={onClose}
    >
      {(seen) => rotating && <RotateKey app={app} item={rotating} onSeen={seen} onClose={onClose} />}
    </RotateDialog>
  );
}

function RotateKey({
  app,
  item,
  onSeen,
  onClose,
}: {
  app: App;
  item: SecretKey;
  onSeen: (shown: boolean) => void;
  onClose: () => void;
}) {
  const rotate = useRotateKey(app.id, item.id);
  return (
    <Rotating
      rotate={rotate}
      words="token"
      secret={rotate.data?.token}
      testId="key-token"
      onSeen={onSeen}
      onClose={onClose}
    />
  );
}

export function RotateCredentialDialog({
  app,
  rotating,
  onClose,
}: {
  app: App;
  rotating: string | null;
  onClose: () => void;
}) {
  return (
    <RotateDialog opened={rotating !== null} title="Rotate the secret" onClose={onClose}>
      {(seen) => rotating && <RotateCredential app={app} name={rotating} onSeen={seen} onClose={onClose} />}
    </RotateDialog>
  );
}

function RotateCredential({
  app,
  name,
  onSeen,
  onClose,
}: {
  app: App;
  name: string;
  onSeen: (shown: boolean) => void;
  onClose: () => void;
}) {
  const rotate = useRotateCredential(app.id, name);
  return (
    <Rotating
      rotate={rotate}
      words="secret"
      secret={rotate.data?.credential.secret}
      testId="minted-secret"
      onSeen={onSeen}
      onClose={onClose}
    />
  );
}

/** Once something is shown that is shown only once, the dialog closes by its own button alone. */
function RotateDialog({
  opened,
  title,
  onClose,
  children,
}: {
  opened: boolean;
  title: string;
  onClose: () => void;
  children: (seen: (shown: boolean) => void) => React.ReactNode;
}) {
  const [shown, setShown] = useState(false);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      onExitTransitionEnd={() => setShown(false)}
      title={title}
      size="lg"
      closeOnClickOutside={!shown}
      closeOnEscape={!shown}
      withCloseButton={!shown}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {children(setShown)}
    </Modal>
  );
}

function Rotating({
  rotate,
  words,
  secret,
  testId,
  onSeen,
  onClose,
}: {
  rotate: Rotate;
  words: 'token' | 'secret';
  secret: string | undefined;
  testId: string;
  onSeen: (shown: boolean) => void;
  onClose: () => void;
}) {
  const [hasEnded, setEnded] = useState(false);
  if (secret !== undefined) {
    return (
      <Stack gap="md">
        <Notice
          tone="warn"
          role="status"
          icon={<TriangleAlert size={17} aria-hidden />}
          title="Copy it now. This is the only time it is shown."
        >
          <p style={{ margin: 0 }}>
            {hasEnded ? 'The one before is refused from now on.' : 'The one before works on meanwhile.'}
          </p>
        </Notice>
        <CopyField label={`New ${words}`} value={secret} wrap testId={testId} />
        <Group justify="flex-end">
          <Button onClick={onClose}>I have stored it</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <OverlapForm
      rotate={rotate}
      words={words}
      onRotated={(ended) => {
        setEnded(ended);
        onSeen(true);
      }}
      onClose={onClose}
    >
      A new {words} is made. The one before goes on working for a while, so that you can move over without a
      gap; when it was last used is shown until it ends.
      {words === 'secret' && ' The key stays the same, so clients notice nothing.'}
    </OverlapForm>
  );
}
