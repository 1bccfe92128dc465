import { Button, Group, Modal, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useReplayRange, type Endpoint, type Owner } from '../../api/webhooks';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { instantOf } from '../../webhooks/delivery';
import { countUpTo } from '../../webhooks/health';
import css from './webhooks.module.css';

/** Sends again what was given up, or what was taken already, of a stretch of time. */
export function ReplayDialog({
  owner,
  endpoint,
  opened,
  onClose,
}: {
  owner: Owner;
  endpoint: Endpoint;
  opened: boolean;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Replay events"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <ReplayForm owner={owner} endpoint={endpoint} onClose={onClose} />
    </Modal>
  );
}

function ReplayForm({ owner, endpoint, onClose }: { owner: Owner; endpoint: Endpoint; onClose: () => void }) {
  const replay = useReplayRange(owner, endpoint.id);
  const [state, setState] = useState<'dead' | 'delivered'>('dead');
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const range = { from: instantOf(from), until: instantOf(until) };
  const isWhole = !range.from && !range.until;
  const isBackwards = Boolean(range.from && range.until && range.from >= range.until);
  const nothing = state === 'dead' && endpoint.stats.dead === 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        replay.mutate(
          {
            state,
            ...(range.from ? { from: range.from } : {}),
            ...(range.until ? { until: range.until } : {}),
          },
          {
            onSuccess: ({ replayed, more }) => {
              notify(
                replayed === 0
                  ? 'There was nothing to replay in that time.'
                  : `${replayed.toLocaleString('en')} ${replayed === 1 ? 'event is' : 'events are'} on the way again.`,
              );
              if (!more) onClose();
            },
          },
        );
      }}
    >
      <Stack gap="md">
        <SegmentedControl
          aria-label="Which events"
          value={state}
          onChange={(value) => setState(value as 'dead' | 'delivered')}
          data={[
            { value: 'dead', label: 'Dead letters' },
            { value: 'delivered', label: 'Delivered ones' },
          ]}
        />
        <Text size="sm" c="var(--sb-text-2)">
          {state === 'dead'
            ? nothing
              ? 'There are no dead letters: nothing was given up.'
              : `${countUpTo(endpoint.stats.dead)} ${endpoint.stats.dead === 1 ? 'event was' : 'events were'} given up. They are sent again in the order in which they happened.`
            : 'What was taken already is sent once more, in the same order: for a server that lost what it had. It must bear hearing an event twice.'}
        </Text>
        <div className={css.two}>
          <TextInput
            type="datetime-local"
            label="From (optional)"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label="Until (optional)"
            value={until}
            error={isBackwards ? 'This is before the beginning' : undefined}
            onChange={(event) => setUntil(event.currentTarget.value)}
          />
        </div>
        <p className={css.sub}>
          At most 10,000 at once, the oldest first. Where there are more, press again.
        </p>
        {!endpoint.enabled && <p className={css.fieldError}>The endpoint is disabled. Enable it first.</p>}
        {replay.error && <ErrorNotice error={replay.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={replay.isPending}
            disabled={nothing || isBackwards || !endpoint.enabled}
          >
            {state === 'dead' && isWhole && endpoint.stats.dead > 0
              ? `Replay ${endpoint.stats.dead === 1 ? 'it' : `all ${countUpTo(endpoint.stats.dead)}`}`
              : 'Replay'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
