import {
  SegmentedControl,
  useMantineColorScheme,
  VisuallyHidden,
  type MantineColorScheme,
} from '@mantine/core';
import { Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';

const choice = (value: MantineColorScheme, icon: ReactNode, label: string) => ({
  value,
  label: (
    <span style={{ display: 'grid', placeItems: 'center', height: '1.25rem' }}>
      {icon}
      <VisuallyHidden>{label}</VisuallyHidden>
    </span>
  ),
});

const CHOICES = [
  choice('light', <Sun size={15} aria-hidden />, 'Light'),
  choice('dark', <Moon size={15} aria-hidden />, 'Dark'),
  choice('auto', <Monitor size={15} aria-hidden />, 'As the system'),
];

export function ColorSchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label="Colour scheme"
      data={CHOICES}
      value={colorScheme}
      onChange={(value) => setColorScheme(value as MantineColorScheme)}
    />
  );
}
