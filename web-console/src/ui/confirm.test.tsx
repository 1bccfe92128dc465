import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '../api/problem';
import { TypedConfirm } from './confirm';

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({
    matches: false,
    addEventListener: () => {},
    removeEventListener: () => {},
  }));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function given(error: unknown = null) {
  const onConfirm = vi.fn();
  render(
    <MantineProvider env="test">
      <TypedConfirm
        opened
        onClose={() => {}}
        title="Delete app"
        phrase="Staging"
        action="Delete app"
        busy={false}
        error={error}
        onConfirm={onConfirm}
      >
        It is gone for good.
      </TypedConfirm>
    </MantineProvider>,
  );
  return {
    onConfirm,
    button: screen.getByRole<HTMLButtonElement>('button', { name: 'Delete app' }),
    input: screen.getByLabelText(/Type/),
  };
}

test.each(['staging', 'Stagin', 'Staging 2'])('%j does not unlock the button', async (typed) => {
  const { button, input, onConfirm } = given();
  await userEvent.type(input, `${typed}{Enter}`);
  expect(button.disabled).toBe(true);
  expect(onConfirm).not.toHaveBeenCalled();
});

test('the name itself does, and Enter confirms', async () => {
  const { button, input, onConfirm } = given();
  await userEvent.type(input, 'Staging{Enter}');
  expect(button.disabled).toBe(false);
  expect(onConfirm).toHaveBeenCalledOnce();
});

test('a refusal is told with its request id', () => {
  given(
    new Problem({
      status: 503,
      code: 'overloaded',
      title: 'Busy',
      detail: 'The service is busy',
      requestId: 'r-1',
    }),
  );
  expect(screen.getByRole('alert').textContent).toContain('The service is busy');
  expect(screen.getByRole('alert').textContent).toContain('r-1');
});
