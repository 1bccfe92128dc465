/** Empty is no limit of its own: the app's holds. */
export function rateProblem(rate: number | string): string | null {
  if (rate === '') return null;
  return typeof rate === 'number' && Number.isInteger(rate) && rate >= 1 && rate <= 1_000_000
    ? null
    : 'A whole number from 1 to 1,000,000, or empty';
}

const BYTE = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const V4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}(?:/(?:3[0-2]|[12]?\\d))?$`);
/** Enough to catch slips; what an IPv6 network is exactly, the API decides. */
const V6 = /^(?=.*:)[0-9a-f:]+(?:\/(?:12[0-8]|1[01]\d|\d{1,2}))?$/i;

export function addressesProblem(addresses: readonly string[]): string | null {
  const wrong = addresses.find((address) => !V4.test(address) && !V6.test(address));
  return wrong === undefined ? null : `${wrong} is no address or network`;
}
