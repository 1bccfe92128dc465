import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** A table that scrolls sideways where the screen is narrow, by keyboard too. */
export function WideTable({
  label,
  minWidth,
  children,
}: {
  label: string;
  minWidth: number;
  children: ReactNode;
}) {
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      type="native"
      tabIndex={0}
      role="region"
      aria-label={`${label}, table`}
      pos="relative"
    >
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
        {children}
      </Table>
    </Table.ScrollContainer>
  );
}
