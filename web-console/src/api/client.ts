import createClient, { type Middleware } from 'openapi-fetch';
import { Problem, problemFrom, unreachable } from './problem';
import type { paths } from './schema';

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

/** Where an operation also answers with a file, the browser fetches that by its address. */
export const api = createClient<paths, 'application/json'>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
});
api.use(csrf);

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
