import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { rememberEndpointSecret } from '../../api/fresh-secrets';
import { uuid } from '../../api/random';
import {
  useRotateSecret,
  type CreatedEndpoint,
  type Endpoint,
  type Owner,
  type RotatedSecret,
} from '../../api/webhooks';
import { CopyField } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { Notice } from '../../ui/page';
import { Time } from '../../ui/time';
import { OVERLAPS } from '../keys/overlap';
import { EndpointLink } from './links';
import { TestView } from './send-test';
import css from './webhooks.module.css';

/** What there is to know of an endpoint that was just made: its secret if it has one, and a first test. */
export function CreatedView({
  owner,
  made,
  onDone,
}: {
  owner: Owner;
  made: CreatedEndpoint;
  onDone: () => void;
}) {
  const { endpoint, secret } = made;
  return (
    <Stack gap="md">
      {secret === null ? (
        <Notice
          tone="good"
          role="status"
          icon={<CircleCheck size={17} aria-hidden />}
          title="From now on it is told what happens"
        >
          <p style={{ margin: 0 }}>
            Requests are signed with your app’s secret, so there is no other one to store.
          </p>
        </Notice>
      ) : (
        <>
          <Notice
            tone="warn"
            role="status"
            icon={<TriangleAlert size={17} aria-hidden />}
            title="Copy the signing secret now. This is the only time it is shown."
          >
            <p style={{ margin: 0 }}>Your server verifies every request with it.</p>
          </Notice>
          <CopyField label="Signing secret" value={secret} wrap testId="endpoint-secret" />
        </>
      )}
      <div className={css.divided}>
        <TestView owner={owner} endpoint={endpoint} />
      </div>
      <Group justify="space-between">
        <EndpointLink owner={owner} id={endpoint.id} className={css.textLink}>
          Its log, and code that verifies
        </EndpointLink>
        <Button onClick={onDone}>{secret === null ? 'Done' : 'I have stored it'}</Button>
      </Group>
    </Stack>
  );
}

export function RotateSecretDialog({
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
  const [made, setMade] = useState<RotatedSecret | null>(null);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      onExitTransitionEnd={() => setMade(null)}
      title="Rotate the signing secret"
      size="lg"
      closeOnClickOutside={made === null}
      closeOnEscape={made === null}
      withCloseButton={made === null}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {made ? (
        <Stack gap="md">
          <Notice
            tone="warn"
            role="status"
            icon={<TriangleAlert size={17} aria-hidden />}
            title="Copy it now. This is the only time it is shown."
          >
            <p style={{ margin: 0 }}>
              {made.previous_expires_at === null ? (
                'The one before signs nothing any more.'
              ) : (
                <>
                  Until the one before ends <Time iso={made.previous_expires_at} />, every request carries a
                  signature of each: your server may know either.
                </>
              )}
            </p>
          </Notice>
          <CopyField label="New secret" value={made.secret} wrap testId="endpoint-secret" />
          <Group justify="flex-end">
            <Button onClick={onClose}>I have stored it</Button>
          </Group>
        </Stack>
      ) : (
        <RotateForm owner={owner} endpoint={endpoint} onClose={onClose} onMade={setMade} />
      )}
    </Modal>
  );
}

function RotateForm({
  owner,
  endpoint,
  onClose,
  onMade,
}: {
  owner: Owner;
  endpoint: Endpoint;
  onClose: () => void;
  onMade: (made: RotatedSecret) => void;
}) {
  const rotate = useRotateSecret(owner, endpoint.id);
  const [overlap, setOverlap] = useState<string>(OVERLAPS[0].value);
  const [idempotencyKey] = useState(uuid);
  return (
    <Stack gap="md">
      <Text size="sm" c="var(--sb-text-2)">
        A new secret is made. For a while requests are signed with both, so that your server can change over
        without a gap; then the one before is forgotten.
      </Text>
      <Select
        label="The previous secret signs for another"
        data={OVERLAPS}
        value={overlap}
        allowDeselect={false}
        onChange={(value) => value && setOverlap(value)}
      />
      {endpoint.secret_rotated_until && (
        <Notice tone="warn" icon={<TriangleAlert size={17} aria-hidden />} title="It was rotated lately">
          <p style={{ margin: 0 }}>
            The secret before the present one still signs, until <Time iso={endpoint.secret_rotated_until} />.
            Rotating again ends it at once.
          </p>
        </Notice>
      )}
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
              {
                onSuccess: (made) => {
                  rememberEndpointSecret(endpoint.id, made.secret);
                  onMade(made);
                },
              },
            )
          }
        >
          Make a new secret
        </Button>
      </Group>
    </Stack>
  );
}
