import { Group, Select, TextInput, type SelectProps, type TextInputProps } from '@mantine/core';
import { EXPIRIES } from './expiry';

const day = (iso: string) => new Date(iso).toLocaleDateString('en', { dateStyle: 'medium' });

/** When something ends by itself. `ends`: when it does now, of something that is there already. */
export function ExpiryFields({
  expiry,
  date,
  ends,
}: {
  expiry: SelectProps;
  date: TextInputProps;
  ends?: string | null;
}) {
  const kept =
    ends === undefined ? [] : [{ value: 'keep', label: `As it is: ${ends === null ? 'never' : day(ends)}` }];
  return (
    <Group align="flex-start" grow gap="sm">
      <Select
        label="Expires"
        data={[...kept, ...EXPIRIES]}
        allowDeselect={false}
        comboboxProps={{ withinPortal: true }}
        {...expiry}
      />
      {expiry.value === 'date' && <TextInput type="date" label="Last day" {...date} />}
    </Group>
  );
}
