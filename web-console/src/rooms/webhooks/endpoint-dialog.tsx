import { Button, Group, Modal, Radio, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { rememberEndpointSecret } from '../../api/fresh-secrets';
import { asProblem } from '../../api/problem';
import { uuid } from '../../api/random';
import {
  useCreateEndpoint,
  usePatchEndpoint,
  type CreatedEndpoint,
  type Endpoint,
  type Form,
  type Owner,
} from '../../api/webhooks';
import { patternProblem } from '../../scopes/pattern';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { eventsFor } from '../../webhooks/events';
import { FORMS, formLabel } from '../../webhooks/forms';
import { urlProblem, urlWarning } from '../../webhooks/url';
import keys from '../keys/keys.module.css';
import { PatternPreview } from '../keys/pattern-preview';
import { PatternsField } from '../keys/scope-editor';
import { EventsField } from './events-field';
import { CreatedView } from './secret';
import css from './webhooks.module.css';

/** Makes an endpoint, or changes one. */
export function EndpointDialog({
  owner,
  opened,
  endpoint,
  onClose,
}: {
  owner: Owner;
  opened: boolean;
  /** The one to change; none: a new one is made. */
  endpoint: Endpoint | null;
  onClose: () => void;
}) {
  const [made, setMade] = useState<CreatedEndpoint | null>(null);
  const close = () => {
    onClose();
    setMade(null);
  };
  const isShownOnce = made !== null && made.secret !== null;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={made ? 'Endpoint added' : endpoint ? 'Edit endpoint' : 'Add endpoint'}
      size={made || owner.of === 'organisations' ? 'lg' : 'xl'}
      closeOnClickOutside={!isShownOnce}
      closeOnEscape={!isShownOnce}
      withCloseButton={!isShownOnce}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {made ? (
        <CreatedView owner={owner} made={made} onDone={close} />
      ) : (
        <EndpointForm
          key={endpoint?.id ?? 'new'}
          owner={owner}
          endpoint={endpoint}
          onClose={close}
          onMade={setMade}
        />
      )}
    </Modal>
  );
}

type Values = {
  url: string;
  description: string;
  form: Form;
  which: 'all' | 'chosen';
  events: string[];
  channels: string[];
};

const MAX_PATTERNS = 20;

function EndpointForm({
  owner,
  endpoint,
  onClose,
  onMade,
}: {
  owner: Owner;
  endpoint: Endpoint | null;
  onClose: () => void;
  onMade: (made: CreatedEndpoint) => void;
}) {
  const create = useCreateEndpoint(owner);
  const patch = usePatchEndpoint(owner);
  const [idempotencyKey, setIdempotencyKey] = useState(uuid);
  const [touched, setTouched] = useState(false);
  const isOfApp = owner.of === 'apps';
  const form = useForm<Values>({
    initialValues: {
      url: endpoint?.url ?? '',
      description: endpoint?.description ?? '',
      form: endpoint?.form ?? (isOfApp ? 'pusher' : 'standard'),
      which: endpoint && endpoint.events.length > 0 ? 'chosen' : 'all',
      events: endpoint?.events ?? [],
      channels: endpoint?.channels ?? [],
    },
    onValuesChange: () => setIdempotencyKey(uuid()),
    validate: {
      url: urlProblem,
      description: (text) => (text.length > 200 ? 'At most 200 characters' : null),
      events: (events, { which }) =>
        which === 'chosen' && events.length === 0 ? 'Choose at least one event' : null,
      channels: (channels) =>
        channels.length > MAX_PATTERNS
          ? `At most ${MAX_PATTERNS} patterns`
          : channels.some((pattern) => patternProblem(pattern) !== null)
            ? 'Correct the patterns above'
            : null,
    },
  });
  const { values } = form;
  const among = eventsFor(owner.of, values.form);
  const busy = create.isPending || patch.isPending;
  const error = create.error ?? patch.error;
  const isFieldsOnly = error !== null && asProblem(error).fields.length > 0;

  const submit = form.onSubmit(
    ({ url, description, form: wire, which, events, channels }) => {
      const wanted = {
        url: url.trim(),
        description: description.trim(),
        events: which === 'all' ? [] : events.filter((type) => among.some((one) => one.type === type)),
        channels,
      };
      const onError = (problem: unknown) =>
        form.setErrors(asProblem(problem).byNameIn(['url', 'description', 'form', 'events', 'channels']));
      if (endpoint) {
        patch.mutate(
          { id: endpoint.id, patch: wanted },
          {
            onSuccess: () => {
              notify('The endpoint is changed.');
              onClose();
            },
            onError,
          },
        );
      } else {
        create.mutate(
          { ...wanted, form: wire, idempotencyKey },
          {
            onSuccess: (made) => {
              if (made.secret) rememberEndpointSecret(made.endpoint.id, made.secret);
              onMade(made);
            },
            onError,
          },
        );
      }
    },
    () => setTouched(true),
  );

  return (
    <form onSubmit={submit} noValidate>
      <div className={isOfApp ? keys.editor : undefined}>
        <Stack gap="lg">
          <TextInput
            label="URL"
            type="url"
            placeholder="https://example.com/webhooks"
            description={
              urlWarning(values.url) ?? 'Public and https. It must answer with 2xx within ten seconds'
            }
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            {...form.getInputProps('url')}
          />
          <TextInput
            label="Description (optional)"
            placeholder="Order service"
            {...form.getInputProps('description')}
          />
          {endpoint ? (
            <p className={keys.help}>
              Its form is {formLabel(endpoint.form)}. For another one, add another endpoint.
            </p>
          ) : (
            isOfApp && (
              <Radio.Group
                label="Form"
                value={values.form}
                onChange={(value) => form.setFieldValue('form', value as Form)}
              >
                <div className={css.forms}>
                  {FORMS.map(({ value, label, help }) => (
                    <Radio.Card key={value} value={value} className={`${keys.action} ${css.card}`}>
                      <span className={keys.actionHead}>
                        <Radio.Indicator size="xs" /> {label}
                      </span>
                      <span className={keys.actionHelp}>{help}</span>
                    </Radio.Card>
                  ))}
                </div>
              </Radio.Group>
            )
          )}
          <div>
            <div className={css.legendRow}>
              <span className={keys.legend} id="webhook-events">
                Events
              </span>
              <SegmentedControl
                size="xs"
                aria-labelledby="webhook-events"
                value={values.which}
                onChange={(which) => form.setFieldValue('which', which as Values['which'])}
                data={[
                  { value: 'all', label: 'All' },
                  { value: 'chosen', label: 'Chosen ones' },
                ]}
              />
            </div>
            <EventsField
              among={among}
              all={values.which === 'all'}
              value={values.events}
              onChange={(events) => form.setFieldValue('events', events)}
              error={form.errors['events']}
            />
          </div>
          {isOfApp && (
            <PatternsField
              value={values.channels}
              onChange={(channels) => form.setFieldValue('channels', channels)}
              touched={touched}
              without="Without a pattern: every channel."
              error={form.errors['channels']}
            />
          )}
          {error && !isFieldsOnly && <ErrorNotice error={error} />}
          {!isOfApp && <FormActions {...{ endpoint, busy, onClose }} />}
        </Stack>
        {isOfApp && (
          <div className={keys.aside}>
            <PatternPreview
              appId={owner.id}
              patterns={values.channels.length === 0 ? ['**'] : values.channels}
            />
            <FormActions {...{ endpoint, busy, onClose }} />
          </div>
        )}
      </div>
    </form>
  );
}

function FormActions({
  endpoint,
  busy,
  onClose,
}: {
  endpoint: Endpoint | null;
  busy: boolean;
  onClose: () => void;
}) {
  return (
    <Group justify="flex-end" gap="xs">
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      <Button type="submit" loading={busy}>
        {endpoint ? 'Save' : 'Add endpoint'}
      </Button>
    </Group>
  );
}
