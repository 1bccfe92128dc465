import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CHANNEL_EVENTS } from '../../webhooks/events';
import { AttemptView } from './attempt-view';
import { EventsField } from './events-field';

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

function Field({ all }: { all: boolean }) {
  const [value, setValue] = useState<string[]>([]);
  return (
    <MantineProvider env="test">
      <EventsField among={CHANNEL_EVENTS} all={all} value={value} onChange={setValue} />
      <output>{value.join(' ')}</output>
    </MantineProvider>
  );
}

test('told everything, the list shows what that is, and what has to be asked for', () => {
  render(<Field all />);
  const checked = screen.getAllByRole('checkbox', { checked: true });
  expect(checked).toHaveLength(CHANNEL_EVENTS.length - 1);
  expect(screen.getByTestId('event-subscription_count').getAttribute('aria-checked')).toBe('false');
});

test('events are chosen and put back', async () => {
  render(<Field all={false} />);
  await userEvent.click(screen.getByTestId('event-member_added'));
  await userEvent.click(screen.getByTestId('event-cache_miss'));
  expect(screen.getByRole('status').textContent).toBe('member_added cache_miss');
  await userEvent.click(screen.getByTestId('event-member_added'));
  expect(screen.getByRole('status').textContent).toBe('cache_miss');
});

test('an attempt without an answer says why, and shows what was sent', () => {
  render(
    <MantineProvider env="test">
      <AttemptView
        url="https://example.com/hooks"
        attempt={{
          id: '1',
          at: '2026-11-21T12:00:00Z',
          duration_ms: 10_000,
          attempt: 1,
          events: 1,
          status: null,
          error: 'no answer within 10 seconds',
          request_headers: { 'X-Pusher-Key': 'k' },
          request_body: '{"time_ms":1}',
          response_headers: null,
          response_body: null,
        }}
      />
    </MantineProvider>,
  );
  expect(screen.getByText('no answer within 10 seconds')).toBeTruthy();
  expect(screen.getByText('X-Pusher-Key')).toBeTruthy();
  expect(screen.getByText('There was no answer.')).toBeTruthy();
});
