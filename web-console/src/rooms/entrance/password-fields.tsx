import { PasswordInput } from '@mantine/core';
import { Circle, CircleCheck } from 'lucide-react';
import type { ComponentProps } from 'react';
import css from './password-fields.module.css';
import { PASSWORD_RULES } from './password';

/** A field for a new password, with the rules it is held to. */
export function NewPasswordField({
  typed,
  rulesId = 'password-rules',
  ...input
}: ComponentProps<typeof PasswordInput> & { typed: string; rulesId?: string }) {
  return (
    <>
      <PasswordInput
        autoComplete="new-password"
        aria-describedby={rulesId}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
        {...input}
      />
      <ul className={css.rules} id={rulesId}>
        {PASSWORD_RULES.map((rule) => {
          const met = rule.met(typed);
          const Icon = met ? CircleCheck : Circle;
          return (
            <li key={rule.id} data-met={met || undefined}>
              <Icon size={14} aria-label={met ? 'met:' : 'not met:'} role="img" /> {rule.label}
            </li>
          );
        })}
      </ul>
    </>
  );
}
