/** The rules of the API, told while one types instead of after. It counts bytes, so that is what is counted here. */
const bytes = (password: string) => new TextEncoder().encode(password).length;

export const PASSWORD_RULES = [
  { id: 'short', label: 'At least 8 characters', met: (password: string) => bytes(password) >= 8 },
  {
    id: 'long',
    label: 'At most 128',
    met: (password: string) => password !== '' && bytes(password) <= 128,
  },
] as const;

export function passwordProblem(password: string): string | null {
  if (password === '') return 'Choose a password';
  const broken = PASSWORD_RULES.find((rule) => !rule.met(password));
  return broken ? `Too ${broken.id}: ${broken.label.toLowerCase()}` : null;
}
