import type { DeliveryState } from '../api/webhooks-types';
import type { Tone } from '../ui/page';

/** What is waited before each try: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h. */
export const ATTEMPTS = 8;

export const STATES: readonly { value: DeliveryState; label: string; tone: Tone }[] = [
  { value: 'pending', label: 'Waiting', tone: 'info' },
  { value: 'delivered', label: 'Delivered', tone: 'good' },
  { value: 'dead', label: 'Dead', tone: 'bad' },
];

export const stateWords = (state: DeliveryState): { label: string; tone: Tone } =>
  STATES.find(({ value }) => value === state) ?? { label: state, tone: 'neutral' };

/** How many are possible is of interest only while it was not taken. */
export function triesInWords(state: DeliveryState, tries: number): string {
  if (state !== 'delivered') return `${tries} of ${ATTEMPTS} tries`;
  return tries === 1 ? '1 try' : `${tries} tries`;
}

/** What a date and time field of the browser's own zone means, or nothing when it is empty. */
export function instantOf(local: string): string | undefined {
  const at = local === '' ? NaN : new Date(local).getTime();
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
