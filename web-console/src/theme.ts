import { createTheme, localStorageColorSchemeManager, type MantineColorsTuple } from '@mantine/core';

const signal: MantineColorsTuple = [
  '#eef0ff',
  '#dfe2fe',
  '#bfc5fd',
  '#9aa3fb',
  '#7d87f7',
  '#656df1',
  '#4f52e3',
  '#4341c9',
  '#3836a3',
  '#2d2c80',
];

const field = { defaultProps: { size: 'sm', radius: 'md' } };

/** From text to page, in the console's own greys (see base.css). */
const dark: MantineColorsTuple = [
  '#eceef3',
  '#b6bdca',
  '#949dad',
  '#6b7485',
  '#394150',
  '#262c38',
  '#181c25',
  '#12151c',
  '#0e1117',
  '#0b0d12',
];

const gray: MantineColorsTuple = [
  '#f6f7f9',
  '#f3f4f7',
  '#e2e5eb',
  '#d6dae1',
  '#cdd2db',
  '#9aa2b1',
  '#5f6878',
  '#454d5c',
  '#2b313d',
  '#12151c',
];

export const theme = createTheme({
  primaryColor: 'signal',
  primaryShade: { light: 6, dark: 6 },
  colors: { signal, dark, gray },
  fontFamily: 'InterVariable, "Inter fallback", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, SFMono-Regular, Menlo, monospace',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '2rem' },
      h2: { fontSize: '1.0625rem', lineHeight: '1.5rem' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.375rem' },
    },
  },
  // Named, not imported: a component's code belongs to the rooms that use it.
  components: {
    Button: { defaultProps: { size: 'sm', radius: 'md' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Modal: {
      defaultProps: { radius: 'lg', centered: true, overlayProps: { backgroundOpacity: 0.5, blur: 2 } },
    },
    Drawer: { defaultProps: { overlayProps: { backgroundOpacity: 0.4 } } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
    TextInput: field,
    PasswordInput: field,
    Textarea: field,
    NumberInput: field,
    Select: field,
    TagsInput: field,
  },
});

/** The same storage key as public/theme.js, which paints the right scheme before React is there. */
export const colorScheme = localStorageColorSchemeManager({ key: 'signalbox.color-scheme' });
