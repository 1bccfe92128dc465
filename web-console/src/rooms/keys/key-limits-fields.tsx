import { NumberInput, TagsInput, type NumberInputProps, type TagsInputProps } from '@mantine/core';

/** What else a secret key may be held to, besides its scope. */
export function KeyLimitsFields({ rate, addresses }: { rate: NumberInputProps; addresses: TagsInputProps }) {
  return (
    <>
      <NumberInput
        label="Publishes per second (optional)"
        description="Of this key alone; empty: as many as the app may"
        min={1}
        max={1_000_000}
        clampBehavior="none"
        allowDecimal={false}
        thousandSeparator=","
        hideControls
        {...rate}
      />
      <TagsInput
        label="Allowed addresses (optional)"
        description="Of the back ends that use it; empty: any. Enter adds one"
        placeholder="192.0.2.0/24"
        splitChars={[',', ' ']}
        {...addresses}
      />
    </>
  );
}
