import createClient, { type Middleware } from 'openapi-fetch';
import { Problem, problemFrom, unreachable } from './problem';
import type { paths } from './schema';
import type { Upcoming } from './upcoming';

let csrfToken: string | null = null;

/** The session's token, sent with every unsafe request. Kept in memory only. */
export function rememberCsrfToken(token: string | null): void {
  csrfToken = token;
}

const csrf: Middleware = {
  onRequest({ request }) {
    if (csrfToken && !['GET', 'HEAD', 'OPTIONS'].includes(request.method)) {
      request.headers.set('X-CSRF-Token', csrfToken);
    }
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' });
api.use(csrf);

/** The same API, where the generated types do not reach yet. */
export const next = createClient<Upcoming>({ baseUrl: window.location.origin, credentials: 'same-origin' });
next.use(csrf);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of a successful answer; everything else is thrown as a Problem. */
export async function answer<T>(request: Promise<Answer<T>>): Promise<T> {
  let result: Answer<T>;
  try {
    result = await request;
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw unreachable();
  }
  if (!result.response.ok) {
    throw problemFrom(result.response.status, result.error, result.response.headers.get('x-request-id'));
  }
  return result.data as T;
}
