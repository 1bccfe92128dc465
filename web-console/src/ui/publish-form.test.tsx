import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Draft } from '../publish/draft';
import type { DialectId } from '../snippets/values';
import { PublishForm } from './publish-form';

const sent = vi.fn<(draft: Draft) => void>();
vi.mock('../api/channels', () => ({
  usePublish: () => ({ mutate: sent, error: null, isPending: false, reset: () => {} }),
}));

beforeEach(() => {
  sent.mockClear();
  // The field that grows with its text waits for fonts.
  Object.assign(document, { fonts: new EventTarget() });
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

const FIRST: Draft = { dialect: 'pusher', channel: 'chat', name: 'said', data: '{"a":1}' };
const ALL: readonly DialectId[] = ['pusher', 'relay', 'anycable', 'metered'];

function show(dialects: readonly DialectId[], initial = FIRST) {
  render(
    <MantineProvider env="test">
      <PublishForm appId="1" initial={initial} dialects={dialects} submitLabel="Publish" />
    </MantineProvider>,
  );
}
const labels = () =>
  screen
    .getAllByRole('textbox')
    .map((field) => document.querySelector(`label[for="${field.id}"]`)?.textContent);
const publish = () => userEvent.click(screen.getByRole('button', { name: 'Publish' }));
const speak = (dialect: string) => userEvent.click(screen.getByRole('radio', { name: dialect }));

test('each dialect asks in its own words, and keeps what was typed', async () => {
  show(ALL);
  expect(labels()).toEqual(['Channel', 'Event', 'Data']);
  await speak('AnyCable');
  expect(labels()).toEqual(['Stream', 'Data']);
  await speak('Metered');
  expect(labels()).toEqual(['Topic', 'Data']);
  await speak('Relay');
  expect(labels()).toEqual(['Channel', 'Event', 'Data']);
  await publish();
  expect(sent.mock.calls[0]?.[0]).toEqual({ ...FIRST, dialect: 'relay' });
});

test('one dialect is no choice', () => {
  show(['metered'], { ...FIRST, dialect: 'metered' });
  expect(screen.queryByRole('radiogroup')).toBeNull();
  expect(labels()).toEqual(['Topic', 'Data']);
});

test('what a dialect cannot take is said at its field, and nothing goes out', async () => {
  show(ALL, { ...FIRST, name: '', data: 'hello' });
  await speak('AnyCable');
  await publish();
  expect(screen.getByText('This is no JSON. A text stands in double quotes')).toBeTruthy();
  expect(sent).not.toHaveBeenCalled();
  await speak('Relay');
  expect(screen.queryByText('This is no JSON. A text stands in double quotes')).toBeNull();
  await publish();
  expect(sent).toHaveBeenCalledTimes(1);
});
