const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });

export const count = (n: number): string => whole.format(n);
/** 1.2K, 3.4M: where there is little room. */
export const compact = (n: number): string => short.format(n);

export const centsAmount = (n: number): string => cents.format(n / 100);

export const isWholeCents = (micros: number): boolean => micros % 10_000 === 0;

/** Micro-dollars to the cent. Less than half a cent is something, too. */
export function roundedAmount(micros: number): string {
  const rounded = Math.round(Math.abs(micros) / 10_000) * Math.sign(micros);
  if (rounded !== 0 || micros === 0) return centsAmount(rounded);
  return micros > 0 ? '<$0.01' : '>-$0.01';
}

/** Micro-dollars, for prices and where every part counts. Parts of a cent are shown only where there are any. */
export function exactAmount(micros: number): string {
  if (isWholeCents(micros)) return cents.format(micros / 1_000_000);
  const digits = (Math.abs(micros) / 1_000_000).toFixed(6).replace(/0+$/, '');
  return `${micros < 0 ? '-' : ''}$${digits}`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(n: number): string {
  let [amount, unit] = [n, 0];
  while (amount >= 1024 && unit < UNITS.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 && amount % 1 !== 0 ? 1 : 0)} ${UNITS[unit]}`;
}

/** A length of time in its largest whole unit: 300 is 5 minutes. */
export function duration(seconds: number): string {
  const [unit, length] = (
    [
      ['day', 86_400],
      ['hour', 3_600],
      ['minute', 60],
      ['second', 1],
    ] as const
  ).find(([, length]) => seconds >= length && seconds % length === 0) ?? ['second', 1];
  const amount = seconds / length;
  return `${whole.format(amount)} ${unit}${amount === 1 ? '' : 's'}`;
}
