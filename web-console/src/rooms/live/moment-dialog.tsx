import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { localOf, momentProblem } from '../../live/moment';

/** Asks for the moment at which the stream is to begin. */
export function MomentDialog({
  opened,
  onClose,
  ...rest
}: {
  opened: boolean;
  onClose: () => void;
  atMs: number | null;
  reachesToMs: number | undefined;
  onGo: (atMs: number) => void;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Go to a moment"
      size="sm"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <MomentForm onClose={onClose} {...rest} />
    </Modal>
  );
}

function MomentForm({
  atMs,
  reachesToMs,
  onClose,
  onGo,
}: {
  atMs: number | null;
  reachesToMs: number | undefined;
  onClose: () => void;
  onGo: (atMs: number) => void;
}) {
  const [typed, setTyped] = useState(() => localOf(atMs ?? Date.now() - 5 * 60_000));
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = momentProblem(typed, reachesToMs);
    setProblem(found);
    if (found === null) onGo(new Date(typed).getTime());
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          type="datetime-local"
          step={1}
          label="Moment"
          description={
            reachesToMs === undefined
              ? 'The stream begins there and goes back'
              : `The stream begins there and goes back. The earliest is ${new Date(reachesToMs).toLocaleString()}`
          }
          min={reachesToMs === undefined ? undefined : localOf(reachesToMs)}
          value={typed}
          error={problem}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setProblem(null);
          }}
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit">Go there</Button>
        </Group>
      </Stack>
    </form>
  );
}
