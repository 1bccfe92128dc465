import { Button, NumberInput, Switch } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSetSpendLimit } from '../../api/billing';
import { asProblem } from '../../api/problem';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { notify } from '../../ui/notify';

/** What the overage of one period may come to. Dollars here, micro-dollars at the API. */
export function SpendLimitForm({ org, limit }: { org: string; limit: number | null }) {
  const save = useSetSpendLimit(org);
  const form = useForm<{ limited: boolean; dollars: number | string }>({
    initialValues: { limited: limit !== null, dollars: limit === null ? 50 : limit / 1_000_000 },
    validate: {
      dollars: (dollars, { limited }) =>
        !limited || (typeof dollars === 'number' && dollars >= 0) ? null : 'Zero dollars or more',
    },
  });
  const submit = form.onSubmit(({ limited, dollars }) =>
    save.mutate(limited ? Math.round(Number(dollars) * 1_000_000) : null, {
      onSuccess: () => {
        form.resetDirty();
        notify(limited ? 'The spending limit is set.' : 'There is no spending limit any more.');
      },
      onError: (error) => form.setErrors(asProblem(error).byField),
    }),
  );
  return (
    <form onSubmit={submit} noValidate aria-label="Spending limit" className={layout.stack}>
      <Switch
        label="Limit what overage may cost in a period"
        description="Beyond it, publishes are refused until the next day adds messages, and nothing more is charged. Which apps go on beyond the quota is set in each app’s settings."
        {...form.getInputProps('limited', { type: 'checkbox' })}
      />
      {form.values.limited && (
        <NumberInput
          label="At most"
          maw="16rem"
          prefix="$"
          min={0}
          decimalScale={2}
          thousandSeparator=","
          hideControls
          {...form.getInputProps('dollars')}
        />
      )}
      <div>
        <Button type="submit" variant="default" disabled={!form.isDirty()} loading={save.isPending}>
          Save the limit
        </Button>
      </div>
      {save.error && <ErrorNotice error={save.error} />}
    </form>
  );
}
