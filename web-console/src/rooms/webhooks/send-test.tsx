import { Button, Modal, Select, Stack } from '@mantine/core';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { useSendTest, type Endpoint, type Owner } from '../../api/webhooks';
import { ErrorNotice } from '../../ui/errors';
import { eventsFor } from '../../webhooks/events';
import { AttemptView } from './attempt-view';
import css from './webhooks.module.css';

export function TestDialog({
  owner,
  endpoint,
  onClose,
}: {
  owner: Owner;
  endpoint: Endpoint | null;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={endpoint !== null}
      onClose={onClose}
      title="Send a test"
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {endpoint && <TestView owner={owner} endpoint={endpoint} />}
    </Modal>
  );
}

/** Sends a made-up event now, and shows what was answered. */
export function TestView({ owner, endpoint }: { owner: Owner; endpoint: Endpoint }) {
  const among = eventsFor(owner.of, endpoint.form);
  const [type, setType] = useState(
    () => among.find((event) => endpoint.events.includes(event.type))?.type ?? among[0]?.type ?? null,
  );
  const send = useSendTest(owner, endpoint.id);
  return (
    <Stack gap="md">
      <div className={css.test}>
        <Select
          label="Event"
          description="Made up, marked as a test, sent once and never tried again"
          inputWrapperOrder={['label', 'input', 'description']}
          data={among.map(({ type, label }) => ({ value: type, label }))}
          value={type}
          allowDeselect={false}
          onChange={setType}
        />
        <Button
          leftSection={<Send size={15} aria-hidden />}
          loading={send.isPending}
          onClick={() => send.mutate(type ?? undefined)}
        >
          Send test
        </Button>
      </div>
      {send.error && <ErrorNotice error={send.error} />}
      {send.data && !send.isPending && (
        <div role="status" data-testid="test-answer">
          <AttemptView url={endpoint.url} attempt={send.data} />
        </div>
      )}
    </Stack>
  );
}
