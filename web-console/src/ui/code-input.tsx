import { TextInput, type TextInputProps } from '@mantine/core';

/** A one-time code from an authenticator app: browsers and phones offer to fill it in. */
export function CodeInput(props: TextInputProps) {
  return (
    <TextInput
      autoComplete="one-time-code"
      inputMode="numeric"
      spellCheck={false}
      maxLength={24}
      styles={{
        input: {
          fontFamily: 'var(--mantine-font-family-monospace)',
          letterSpacing: '0.12em',
        },
      }}
      {...props}
    />
  );
}
