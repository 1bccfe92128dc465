import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Money } from './money';

afterEach(cleanup);

test('parts of a cent are in the title', () => {
  render(<Money micros={35_121_000} />);
  expect(screen.getByText('$35.12').title).toBe('exactly $35.121');
});

test('whole cents need no title', () => {
  const { container } = render(<Money micros={19_000_000} />);
  expect(container.innerHTML).toBe('$19.00');
});
