/** How long the secret before is taken as well. */
export const OVERLAPS = [
  { value: '86400', label: '24 hours' },
  { value: '3600', label: 'An hour' },
  { value: '604800', label: '7 days' },
  { value: '2592000', label: '30 days' },
  { value: '0', label: 'Not at all: it ends at once' },
] as const;
