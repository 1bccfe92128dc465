import { ActionIcon, Button, Checkbox, TextInput, Tooltip } from '@mantine/core';
import { Plus, X } from 'lucide-react';
import type { ActionName } from '../../api/types';
import { describePattern, patternProblem } from '../../scopes/pattern';
import css from './keys.module.css';

export function ActionsField<Action extends ActionName>({
  among,
  value,
  onChange,
  error,
}: {
  among: readonly { id: Action; label: string; help: string }[];
  value: readonly Action[];
  onChange: (actions: Action[]) => void;
  error?: React.ReactNode;
}) {
  return (
    <fieldset className={css.fieldset}>
      <legend className={css.legend}>Actions</legend>
      <div className={css.actions}>
        {among.map((action) => {
          const checked = value.includes(action.id);
          return (
            <Checkbox.Card
              key={action.id}
              className={css.action}
              checked={checked}
              onClick={() =>
                onChange(checked ? value.filter((other) => other !== action.id) : [...value, action.id])
              }
            >
              <span className={css.actionHead}>
                <Checkbox.Indicator size="xs" /> {action.label}
              </span>
              <span className={css.actionHelp}>{action.help}</span>
            </Checkbox.Card>
          );
        })}
      </div>
      {error && <FieldError>{error}</FieldError>}
    </fieldset>
  );
}

export function PatternsField({
  value,
  onChange,
  touched,
  without = 'Without a pattern a key reaches nothing.',
  error,
}: {
  value: readonly string[];
  onChange: (patterns: string[]) => void;
  /** Complain about empty rows only after the first attempt to save. */
  touched: boolean;
  /** What an empty list means. */
  without?: string;
  error?: React.ReactNode;
}) {
  const set = (index: number, pattern: string) =>
    onChange(value.map((old, at) => (at === index ? pattern : old)));
  return (
    <fieldset className={css.fieldset}>
      <legend className={css.legend}>Channel patterns</legend>
      <p className={css.help} style={{ marginBottom: '0.5rem' }}>
        <code>*</code> stays within a segment, <code>**</code> crosses <code>/</code>. {without}
      </p>
      {value.map((pattern, index) => {
        const problem = pattern === '' && !touched ? null : patternProblem(pattern);
        return (
          <div key={index} className={css.pattern}>
            <TextInput
              className={css.patternInput}
              aria-label={`Pattern ${index + 1}`}
              value={pattern}
              error={problem}
              description={!problem && pattern ? describePattern(pattern) : undefined}
              inputWrapperOrder={['input', 'description', 'error']}
              onChange={(event) => set(index, event.currentTarget.value)}
              spellCheck={false}
              autoComplete="off"
            />
            <Tooltip label="Remove">
              <ActionIcon
                size={36}
                aria-label={`Remove pattern ${index + 1}`}
                onClick={() => onChange(value.filter((_, at) => at !== index))}
              >
                <X size={15} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </div>
        );
      })}
      <Button
        mt="xs"
        size="xs"
        variant="default"
        leftSection={<Plus size={14} aria-hidden />}
        onClick={() => onChange([...value, ''])}
      >
        Add pattern
      </Button>
      {error && <FieldError>{error}</FieldError>}
    </fieldset>
  );
}

function FieldError({ children }: { children: React.ReactNode }) {
  return (
    <p role="alert" style={{ margin: '0.375rem 0 0', color: 'var(--sb-bad)', fontSize: '0.8125rem' }}>
      {children}
    </p>
  );
}
