const APP = /^\d{6}$/;
const RECOVERY = /^[a-km-np-z2-9]{16}$/;

const stripped = (code: string) => code.replace(/[\s-]/g, '').toLowerCase();

/** Six digits of an authenticator app. */
export function appCodeProblem(code: string): string | null {
  return APP.test(stripped(code)) ? null : 'Enter the six digits that the app shows';
}

/** The same, or one of the recovery codes. */
export function codeProblem(code: string): string | null {
  const text = stripped(code);
  return APP.test(text) || RECOVERY.test(text) ? null : 'Six digits, or a recovery code of 16 characters';
}
