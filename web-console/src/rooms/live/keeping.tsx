import { Radio, Stack } from '@mantine/core';
import type { Keeping } from '../../api/live-history';

export const KEEPINGS: readonly { value: Keeping; label: string; help: string }[] = [
  {
    value: 'with_data',
    label: 'Events and their payloads',
    help: 'The first 1 KiB of each payload is kept with its event.',
  },
  {
    value: 'without_data',
    label: 'Events without their payloads',
    help: 'Who, where and when. Payloads are seen live only.',
  },
  { value: 'off', label: 'Nothing', help: 'Live begins when the page is opened.' },
];

export const keepingLabel = (value: Keeping): string =>
  KEEPINGS.find((one) => one.value === value)?.label ?? value;

/** What is kept of live events for as long as the plan looks back. A field of a form. */
export function KeepingField(props: {
  value?: Keeping;
  defaultValue?: Keeping;
  onChange?: (value: Keeping) => void;
  error?: React.ReactNode;
}) {
  const { onChange, ...rest } = props;
  return (
    <Radio.Group
      label="What is kept for looking back"
      description="For as long as the plan looks back, and 24 hours at most; then it is gone."
      {...rest}
      onChange={(value) => onChange?.(value as Keeping)}
    >
      <Stack gap="xs" mt={10}>
        {KEEPINGS.map(({ value, label, help }) => (
          <Radio key={value} value={value} label={label} description={help} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
