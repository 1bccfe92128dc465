import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ErrorNotice } from './errors';
import { Mono } from './page';

/** A dangerous action: done only after the reader has typed the name of what it is done to. */
export function TypedConfirm({
  opened,
  onClose,
  title,
  children,
  phrase,
  action,
  busy,
  error,
  onConfirm,
}: {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** What must be typed. */
  phrase: string;
  /** The button's words: a verb and its object. */
  action: string;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {/* Mounted anew at each opening, so that nothing typed earlier is left. */}
      <ConfirmForm {...{ children, phrase, action, busy, error, onConfirm, onClose }} />
    </Modal>
  );
}

function ConfirmForm({
  children,
  phrase,
  action,
  busy,
  error,
  onConfirm,
  onClose,
}: Omit<Parameters<typeof TypedConfirm>[0], 'opened' | 'title'>) {
  const [typed, setTyped] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() === phrase) onConfirm();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm" c="var(--sb-text-2)" component="div">
          {children}
        </Text>
        <TextInput
          label={
            <>
              Type <Mono>{phrase}</Mono> to confirm
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={busy} disabled={typed.trim() !== phrase}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
