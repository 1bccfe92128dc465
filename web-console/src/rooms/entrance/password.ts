/** The rules of the API, told while one types instead of after. Lengths are in bytes where the API counts bytes. */
export const PASSWORD_RULES = [
  { id: 'long', label: 'At least 10 characters', met: (password: string) => [...password].length >= 10 },
  {
    id: 'short',
    label: 'At most 128 bytes',
    met: (password: string) => password !== '' && new TextEncoder().encode(password).length <= 128,
  },
] as const;

export function passwordProblem(password: string): string | null {
  if (password === '') return 'Choose a password';
  const broken = PASSWORD_RULES.find((rule) => !rule.met(password));
  return broken ? `Too ${broken.id === 'long' ? 'short' : 'long'}: ${broken.label.toLowerCase()}` : null;
}
