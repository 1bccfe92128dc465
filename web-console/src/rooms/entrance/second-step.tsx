import { Anchor, Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { CircleAlert } from 'lucide-react';
import { useState } from 'react';
import { asProblem } from '../../api/problem';
import { useLogInWithCode } from '../../api/session';
import { CodeInput } from '../../ui/code-input';
import { ErrorNotice } from '../../ui/errors';
import { appCodeProblem, codeProblem } from '../../ui/one-time-code';
import { Notice } from '../../ui/page';
import css from './entrance.module.css';
import { EntranceFrame } from './frame';

/** The password was right; a code is still to come. */
export function SecondStep({
  pending,
  onEntered,
  onStartOver,
}: {
  pending: string;
  onEntered: () => void;
  onStartOver: () => void;
}) {
  const logIn = useLogInWithCode();
  const [recovering, setRecovering] = useState(false);
  const form = useForm({
    initialValues: { code: '' },
    validate: { code: recovering ? codeProblem : appCodeProblem },
  });
  const submit = form.onSubmit(({ code }) =>
    logIn.mutate(
      { pending_token: pending, code: code.trim() },
      { onSuccess: onEntered, onError: () => form.setFieldValue('code', '') },
    ),
  );
  const problem = logIn.error ? asProblem(logIn.error) : null;
  const other = () => {
    setRecovering(!recovering);
    form.reset();
    logIn.reset();
  };
  return (
    <EntranceFrame
      title="Enter the code"
      lede={
        recovering
          ? 'One of the recovery codes that you stored. Each works once.'
          : 'The six digits that your authenticator app shows for Signalbox.'
      }
    >
      <form onSubmit={submit} noValidate key={String(recovering)}>
        <div className={css.fields}>
          {recovering ? (
            <TextInput
              label="Recovery code"
              placeholder="abcd-efgh-jkmn-pqrs"
              autoComplete="off"
              spellCheck={false}
              size="md"
              autoFocus
              {...form.getInputProps('code')}
            />
          ) : (
            <CodeInput label="Code" size="md" autoFocus {...form.getInputProps('code')} />
          )}
          {problem?.status === 403 ? (
            <Notice
              tone="bad"
              role="alert"
              icon={<CircleAlert size={17} aria-hidden />}
              title={
                recovering
                  ? 'This recovery code is not right, or was used already.'
                  : 'This code is not right, or was used already. Wait for the next one.'
              }
            />
          ) : problem?.status === 401 ? (
            <Notice
              tone="warn"
              role="alert"
              icon={<CircleAlert size={17} aria-hidden />}
              title="That took too long, or was tried too often."
            >
              <Anchor component="button" type="button" size="sm" onClick={onStartOver}>
                Begin with the password again
              </Anchor>
            </Notice>
          ) : (
            problem && <ErrorNotice error={problem} />
          )}
          <Button type="submit" size="md" loading={logIn.isPending} fullWidth>
            Log in
          </Button>
        </div>
      </form>
      <p className={css.other}>
        <Anchor component="button" type="button" inherit underline="always" onClick={other}>
          {recovering ? 'Use the authenticator app' : 'Use a recovery code instead'}
        </Anchor>
        {' · '}
        <Anchor component="button" type="button" inherit underline="always" onClick={onStartOver}>
          Start over
        </Anchor>
      </p>
    </EntranceFrame>
  );
}
