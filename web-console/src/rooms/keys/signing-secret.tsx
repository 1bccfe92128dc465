import { Button, Group, Modal, Stack } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import type { Signing } from '../../api/types';
import { CopyField } from '../../ui/copy';
import { Notice } from '../../ui/page';
import css from './keys.module.css';

/** A key's secret to sign with, and what it is for. */
export function SigningFields({ keyId, signing }: { keyId: string; signing: Signing }) {
  return (
    <div>
      <CopyField label="Key id" value={keyId} />
      <CopyField label="Signing secret" value={signing.token_secret} wrap testId="token-secret" />
      <CopyField label="Pair" value={signing.pair} wrap testId="key-pair" />
      <p className={css.help} style={{ marginTop: '0.625rem' }}>
        Sign tokens with HS256 and the whole signing secret; their <code>kid</code> is the key id. The pair is
        the same key as one Bearer credential, for the Metered API.
      </p>
    </div>
  );
}

export type ShownSigning = { keyId: string; name: string; signing: Signing };

/** What was just made for a key that existed already. */
export function SigningSecretDialog({ shown, onClose }: { shown: ShownSigning | null; onClose: () => void }) {
  return (
    <Modal
      opened={shown !== null}
      onClose={onClose}
      title={shown ? `Signing secret of ${shown.name}` : ''}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      {shown && (
        <Stack gap="md">
          <Notice
            tone="warn"
            role="status"
            icon={<TriangleAlert size={17} aria-hidden />}
            title="Copy it now. This is the only time it is shown."
          />
          <SigningFields keyId={shown.keyId} signing={shown.signing} />
          <Group justify="flex-end">
            <Button onClick={onClose}>I have stored it</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
