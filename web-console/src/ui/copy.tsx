import { ActionIcon, Button, Tooltip, VisuallyHidden } from '@mantine/core';
import { Check, Copy, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { copyText } from './clipboard';
import css from './ui.module.css';

type State = 'idle' | 'copied' | 'failed';

function useCopy(value: string): [State, () => void] {
  const [state, setState] = useState<State>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 1_600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => void copyText(value).then((done) => setState(done ? 'copied' : 'failed'));
  return [state, copy];
}

const ICONS = { idle: Copy, copied: Check, failed: X };
const WORDS = { idle: 'Copy', copied: 'Copied', failed: 'Could not copy: select the text instead' };

export function CopyIcon({ value, label }: { value: string; label: string }) {
  const [state, copy] = useCopy(value);
  const Icon = ICONS[state];
  return (
    <>
      <Tooltip label={WORDS[state]} openDelay={state === 'idle' ? 300 : 0}>
        <ActionIcon onClick={copy} aria-label={`Copy ${label}`}>
          <Icon size={15} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <VisuallyHidden role="status">{state === 'idle' ? '' : WORDS[state]}</VisuallyHidden>
    </>
  );
}

export function CopyButton({ value, children }: { value: string; children: string }) {
  const [state, copy] = useCopy(value);
  const Icon = ICONS[state];
  return (
    <Button variant="default" size="xs" leftSection={<Icon size={14} aria-hidden />} onClick={copy}>
      {state === 'idle' ? children : WORDS[state]}
    </Button>
  );
}

/** A value with its name, in monospace, to be copied. */
export function CopyField({
  label,
  value,
  wrap,
  testId,
}: {
  label: string;
  value: string;
  wrap?: boolean;
  testId?: string;
}) {
  return (
    <div className={css.copyField}>
      <span className={css.copyLabel}>{label}</span>
      <span
        className={css.copyValue}
        data-wrap={wrap || undefined}
        data-testid={testId}
        title={wrap ? undefined : value}
      >
        {value}
      </span>
      <CopyIcon value={value} label={label} />
    </div>
  );
}
