/** A refusal of the control plane (problem+json), or the reason why there was no answer at all. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string | null;
  readonly fields: readonly { field: string; message: string }[];

  constructor(init: {
    status: number;
    code: string;
    title: string;
    detail?: string;
    requestId?: string | null;
    fields?: readonly { field: string; message: string }[];
  }) {
    super(init.detail || init.title);
    this.name = 'Problem';
    this.status = init.status;
    this.code = init.code;
    this.title = init.title;
    this.requestId = init.requestId ?? null;
    this.fields = init.fields ?? [];
  }

  /** What a form shows beside its inputs. */
  get byField(): Record<string, string> {
    return Object.fromEntries(this.fields.map(({ field, message }) => [field, message]));
  }

  /** The same by the first name in the path that `names` has: forms are flatter than bodies. */
  byNameIn(names: readonly string[]): Record<string, string> {
    return Object.fromEntries(
      this.fields.map(({ field, message }) => {
        const parts = field.split(/[.[]/);
        return [parts.find((part) => names.includes(part)) ?? field, message];
      }),
    );
  }
}

/** Reads an error answer. A body that is no problem+json (a proxy's page, say) still gives a useful Problem. */
export function problemFrom(status: number, body: unknown, requestIdHeader: string | null): Problem {
  const record = isRecord(body) ? body : {};
  const text = (name: string) => (typeof record[name] === 'string' ? record[name] : undefined);
  const errors = Array.isArray(record['errors']) ? record['errors'] : [];
  return new Problem({
    status,
    code: text('code') ?? `http_${status}`,
    title: text('title') ?? `The server answered ${status}`,
    detail: text('detail'),
    requestId: text('request_id') ?? requestIdHeader,
    fields: errors.flatMap((entry: unknown) =>
      isRecord(entry) && typeof entry['field'] === 'string' && typeof entry['message'] === 'string'
        ? [{ field: entry['field'], message: entry['message'] }]
        : [],
    ),
  });
}

export function unreachable(): Problem {
  return new Problem({
    status: 0,
    code: 'unreachable',
    title: 'Signalbox cannot be reached',
    detail: 'The request got no answer. Check your connection; your apps keep running meanwhile.',
  });
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({
    status: 0,
    code: 'console_error',
    title: 'The console ran into an error',
    detail: error instanceof Error ? error.message : String(error),
  });
}

/** What the reader can do about it, in one sentence. */
export function adviceFor(problem: Problem): string {
  switch (problem.code) {
    case 'email_unverified':
      return 'Open the link in the mail that we sent you when you signed up. Your account room sends it again.';
    case 'confirmation_required':
      return 'Try again and enter your password when you are asked for it.';
    case 'forbidden':
      return 'Ask an owner or admin of the organisation to do it, or for a role that allows it.';
    case 'no_secret_key':
      return 'With such a key, publish again.';
    case 'plan_limit':
      return 'Your plan allows no more. A larger plan does.';
    case 'payment_provider_unavailable':
      return 'The payment provider does not answer. Try again in a few minutes; nothing was charged.';
  }
  switch (problem.status) {
    case 0:
      return 'Check your connection, then try again.';
    case 401:
      return 'Your session has ended. Log in again to go on.';
    case 403:
      return 'Reload the page and try again. If it stays, your role may not allow this.';
    case 404:
      return 'It may have been deleted, or the address may be wrong. Go back to your apps.';
    case 409:
      return 'Someone changed this meanwhile. Reload to see the current state.';
    case 429:
      return 'That was too often in a short time. Wait a moment, then try again.';
    case 502:
    case 503:
    case 504:
      return 'A part of Signalbox is busy or restarting. Try again in a few seconds.';
    default:
      return problem.status >= 500
        ? 'Try again. If it stays, send us the request id below.'
        : 'Correct what is named above and try again.';
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
