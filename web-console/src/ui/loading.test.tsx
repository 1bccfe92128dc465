import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '../api/problem';
import { Loaded } from './loading';

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

const refused = new Problem({ status: 503, code: 'overloaded', title: 'Busy', requestId: 'r-1' });

test.each<[string, { data?: string[]; error?: Error }, string]>([
  ['on its way', {}, 'Loading things'],
  ['refused', { error: refused }, 'r-1'],
  ['empty', { data: [] }, 'nothing here'],
  ['there', { data: ['one', 'two'] }, 'one, two'],
  ['there and refused since', { data: ['one'], error: refused }, 'one'],
])('what is %s is told', (_, { data, error }, expected) => {
  render(
    <MantineProvider env="test">
      <Loaded
        query={{ data, error: error ?? null, isPending: !data && !error, refetch: () => {} }}
        label="things"
        empty={(things) => things.length === 0 && 'nothing here'}
      >
        {(things) => things.join(', ')}
      </Loaded>
    </MantineProvider>,
  );
  const shown = document.body.textContent ?? '';
  expect(shown + (screen.queryByRole('status')?.getAttribute('aria-label') ?? '')).toContain(expected);
});
