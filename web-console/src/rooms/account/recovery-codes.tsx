import { Button, Group, Stack } from '@mantine/core';
import { Download, KeyRound } from 'lucide-react';
import { useSession } from '../../api/session';
import { CopyButton } from '../../ui/copy';
import { downloadText } from '../../ui/download';
import { Notice } from '../../ui/page';
import css from './account.module.css';

export function RecoveryCodesView({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { user } = useSession();
  const text = codes.join('\n');
  const file = [`Signalbox recovery codes of ${user.email}`, 'Each works once.', '', text, ''].join('\n');
  return (
    <Stack gap="md">
      <Notice
        tone="warn"
        role="status"
        icon={<KeyRound size={17} aria-hidden />}
        title="Store them now. This is the only time they are shown."
      >
        <p style={{ margin: 0 }}>
          Without the app and without a code nobody can log in as you, and that includes you.
        </p>
      </Notice>
      <ul className={css.codes} data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <CopyButton value={text}>Copy all</CopyButton>
          <Button
            variant="default"
            size="xs"
            leftSection={<Download size={14} aria-hidden />}
            onClick={() => downloadText('signalbox-recovery-codes.txt', file)}
          >
            Download
          </Button>
        </Group>
        <Button onClick={onDone}>I have stored them</Button>
      </Group>
    </Stack>
  );
}
