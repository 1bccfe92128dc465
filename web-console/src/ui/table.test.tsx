import { MantineProvider, Table, VisuallyHidden } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WideTable } from './table';

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

function Keys({
  withScope,
  comparing,
  used = 'Last used',
}: {
  withScope: boolean;
  comparing?: boolean;
  used?: string;
}) {
  return (
    <MantineProvider env="test">
      <WideTable label="Keys" minWidth={600} comparing={comparing ?? false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            {withScope && <Table.Th>May</Table.Th>}
            <Table.Th>{used}</Table.Th>
            <Table.Th>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
      </WideTable>
    </MantineProvider>
  );
}

const heading = (column: number) => screen.getByRole('table').style.getPropertyValue(`--heading-${column}`);

test('a card names its values as the columns are named, and follows when they change', () => {
  const { rerender } = render(<Keys withScope />);
  expect([1, 2, 3, 4].map(heading)).toEqual(['"Name"', '"May"', '"Last used"', '']);
  expect(screen.getByRole('table').hasAttribute('data-actions')).toBe(true);
  rerender(<Keys withScope={false} />);
  expect([1, 2, 3].map(heading)).toEqual(['"Name"', '"Last used"', '']);
});

test('a long heading widens the labels of a card', () => {
  const isLong = () => screen.getByRole('table').hasAttribute('data-long-headings');
  const { rerender } = render(<Keys withScope />);
  expect(isLong()).toBe(false);
  rerender(<Keys withScope used="Confirmed revision" />);
  expect(isLong()).toBe(true);
});

test('columns that are compared stay columns', () => {
  render(<Keys withScope comparing />);
  expect(heading(2)).toBe('');
});
