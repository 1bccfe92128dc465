import { Anchor, Button, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Send } from 'lucide-react';
import { useImperativeHandle, type Ref } from 'react';
import { usePublish } from '../api/channels';
import { asProblem } from '../api/problem';
import { channelProblem, eventProblem } from '../channels/name';
import { prettyJson } from './code';
import { ErrorNotice } from './errors';

export type Draft = { channel: string; name: string; data: string };
export type PublishFormHandle = { fill: (draft: Draft) => void };

/** Publishes one event through the app's own HTTP API. */
export function PublishForm({
  appId,
  initial,
  submitLabel,
  onDraft,
  onSend,
  onSent,
  ref,
}: {
  appId: string;
  initial: Draft;
  submitLabel: string;
  onDraft?: (draft: Draft) => void;
  /** Before the request goes out. */
  onSend?: (draft: Draft) => void;
  onSent?: (draft: Draft) => void;
  ref?: Ref<PublishFormHandle>;
}) {
  const publish = usePublish(appId);
  const form = useForm<Draft>({
    initialValues: initial,
    validate: { channel: channelProblem, name: eventProblem, data: (data) => dataProblem(data) },
    onValuesChange: onDraft,
  });
  useImperativeHandle(ref, () => ({ fill: (draft) => form.setValues(draft) }));

  const submit = form.onSubmit((draft) => {
    onSend?.(draft);
    publish.mutate(draft, {
      onSuccess: () => onSent?.(draft),
      onError: (error) => form.setErrors(asProblem(error).byField),
    });
  });
  const isJson = prettyJson(form.values.data).isJson;

  return (
    <form
      onSubmit={submit}
      noValidate
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
      }}
    >
      <Stack gap="sm">
        <TextInput label="Channel" spellCheck={false} autoComplete="off" {...form.getInputProps('channel')} />
        <TextInput label="Event" spellCheck={false} autoComplete="off" {...form.getInputProps('name')} />
        <Textarea
          label="Data"
          description={isJson ? 'JSON' : 'Not JSON: goes out as plain text'}
          autosize
          minRows={4}
          maxRows={14}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.8125rem' } }}
          {...form.getInputProps('data')}
        />
        {publish.error && asProblem(publish.error).fields.length === 0 && (
          <ErrorNotice error={publish.error} />
        )}
        <Group justify="space-between" gap="xs">
          <Anchor
            component="button"
            type="button"
            size="sm"
            onClick={() => form.setFieldValue('data', prettyJson(form.values.data).code)}
            style={{ visibility: isJson ? 'visible' : 'hidden' }}
          >
            Format JSON
          </Anchor>
          <Button type="submit" loading={publish.isPending} leftSection={<Send size={15} aria-hidden />}>
            {submitLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function dataProblem(data: string): string | null {
  const looksLikeJson = /^\s*[[{"]/.test(data);
  return looksLikeJson && !prettyJson(data).isJson
    ? 'This starts like JSON but is none: check quotes and brackets'
    : null;
}
