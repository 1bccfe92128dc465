/** Only what is certainly wrong; whether an address exists, the API and the post decide. */
export function emailProblem(email: string): string | null {
  if (email.trim() === '') return 'Enter your email address';
  return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(email.trim())
    ? null
    : 'This does not look like an email address';
}
