import { Button, Group, Loader, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect, useRef } from 'react';
import { useConfirmSecondFactor, useOfferSecondFactor } from '../../api/account';
import { asProblem } from '../../api/problem';
import { CodeInput } from '../../ui/code-input';
import { CopyField } from '../../ui/copy';
import { ErrorNotice } from '../../ui/errors';
import { appCodeProblem } from '../../ui/one-time-code';
import css from './account.module.css';
import { QrCode } from './qr-code';

export function EnrolSecondFactor({
  onClose,
  onEnrolled,
}: {
  onClose: () => void;
  onEnrolled: (recoveryCodes: string[]) => void;
}) {
  const offer = useOfferSecondFactor();
  const confirm = useConfirmSecondFactor();
  const begun = useRef(false);
  const { mutate } = offer;
  useEffect(() => {
    if (begun.current) return;
    begun.current = true; // asking again would make another secret than the one on the screen
    mutate();
  }, [mutate]);
  const form = useForm({ initialValues: { code: '' }, validate: { code: appCodeProblem } });
  const submit = form.onSubmit(({ code }) =>
    confirm.mutate(code.replace(/\s/g, ''), {
      onSuccess: ({ recovery_codes }) => onEnrolled(recovery_codes),
    }),
  );
  const problem = confirm.error ? asProblem(confirm.error) : null;
  const isWrong = problem?.code === 'wrong_code';
  if (offer.error) {
    return (
      <Stack gap="md">
        <ErrorNotice error={offer.error} onRetry={() => mutate()} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </Group>
      </Stack>
    );
  }
  if (!offer.data) {
    return (
      <Group justify="center" p="xl" role="status" aria-label="Making a secret">
        <Loader size="sm" />
      </Group>
    );
  }
  return (
    <form onSubmit={submit} noValidate>
      <ol className={css.steps}>
        <li>
          <p>Scan this code with your authenticator app, or type the secret into it.</p>
          <div className={css.scan}>
            <QrCode text={offer.data.otpauth_uri} label="The secret as a picture to scan" />
            <CopyField label="Secret" value={offer.data.secret} wrap testId="totp-secret" />
          </div>
        </li>
        <li>
          <p>Enter the six digits that it shows now.</p>
          <CodeInput
            label="Code"
            maw="12rem"
            data-autofocus
            {...form.getInputProps('code')}
            error={
              form.errors['code'] ??
              (isWrong ? 'Not right. Is the clock of your device set by itself?' : undefined)
            }
          />
        </li>
      </ol>
      {problem && !isWrong && <ErrorNotice error={problem} />}
      <Group justify="flex-end" gap="xs" mt="lg">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={confirm.isPending}>
          Turn it on
        </Button>
      </Group>
    </form>
  );
}
