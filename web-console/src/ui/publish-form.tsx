import { Anchor, Button, Group, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Send } from 'lucide-react';
import { useImperativeHandle, type Ref } from 'react';
import { usePublish } from '../api/channels';
import { asProblem } from '../api/problem';
import { draftProblems, UNNAMED, WORDS, type Draft } from '../publish/draft';
import { DIALECTS, type DialectId } from '../snippets/values';
import { prettyJson } from './code';
import { ErrorNotice } from './errors';
import { TextLink } from './link';

export type PublishFormHandle = { fill: (draft: Draft) => void };

/** Publishes one message through the app's own HTTP API, in one of the dialects that are offered. */
export function PublishForm({
  appId,
  initial,
  dialects = ['pusher'],
  submitLabel,
  onDraft,
  onSend,
  onSent,
  ref,
}: {
  appId: string;
  initial: Draft;
  /** More than one is a choice. */
  dialects?: readonly DialectId[];
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
    validate: (draft) => draftProblems(draft),
    onValuesChange: onDraft,
  });
  const { dialect, data } = form.values;
  const words = WORDS[dialect];
  const fill = (draft: Draft) => {
    publish.reset();
    form.clearErrors();
    form.setValues(draft);
  };
  useImperativeHandle(ref, () => ({ fill }));

  const submit = form.onSubmit((draft) => {
    onSend?.(draft);
    publish.mutate(draft, {
      onSuccess: () => onSent?.(draft),
      onError: (error) => form.setErrors(asProblem(error).byField),
    });
  });
  const isJson = prettyJson(data).isJson;
  const problem = publish.error && asProblem(publish.error);

  return (
    <form
      onSubmit={submit}
      noValidate
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
      }}
    >
      <Stack gap="sm">
        {dialects.length > 1 && (
          <SegmentedControl
            aria-label="Dialect to publish in"
            size="xs"
            fullWidth
            value={dialect}
            onChange={(chosen) => {
              const found = dialects.find((one) => one === chosen);
              if (found) fill({ ...form.values, dialect: found });
            }}
            data={DIALECTS.filter(({ id }) => dialects.includes(id)).map(({ id, label }) => ({
              value: id,
              label,
            }))}
          />
        )}
        <TextInput
          label={words.channel}
          spellCheck={false}
          autoComplete="off"
          {...form.getInputProps('channel')}
        />
        {words.name !== 'none' && (
          <TextInput
            label="Event"
            description={
              words.name === 'optional' ? `Optional: without a name it is “${UNNAMED}”` : undefined
            }
            spellCheck={false}
            autoComplete="off"
            {...form.getInputProps('name')}
          />
        )}
        <Textarea
          label="Data"
          description={
            words.isValue ? 'One JSON value' : isJson ? 'JSON' : 'Not JSON: goes out as plain text'
          }
          autosize
          minRows={4}
          maxRows={14}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.8125rem' } }}
          {...form.getInputProps('data')}
        />
        {problem && problem.fields.length === 0 && <ErrorNotice error={problem} />}
        {problem?.code === 'no_secret_key' && (
          <TextLink to="/apps/$appId/keys" params={{ appId }} search={{ create: true }}>
            Create a secret key with a signing secret
          </TextLink>
        )}
        <Group justify="space-between" gap="xs">
          <Anchor
            component="button"
            type="button"
            size="sm"
            onClick={() => form.setFieldValue('data', prettyJson(data).code)}
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
