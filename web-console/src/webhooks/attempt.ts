import type { Attempt, Exchange } from '../api/webhooks-types';
import { quote } from '../snippets/quote';

export const didTake = ({ status }: Pick<Attempt, 'status'>): boolean =>
  status !== null && status >= 200 && status < 300;

const NAMES: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  410: 'Gone',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** What came of it: "200 OK", or why there was no answer. */
export function statusWords({ status, error }: Pick<Attempt, 'status' | 'error'>): string {
  if (status === null) return error ?? 'No answer';
  const name = NAMES[status];
  const words = name ? `${status} ${name}` : String(status);
  return error && !error.includes(String(status)) ? `${words}: ${error}` : words;
}

/** What the connection itself says and curl says anew. */
const NOT_COPIED = ['host', 'content-length', 'connection', 'accept-encoding'];

/** The same request for a terminal. */
export function asCurl(
  url: string,
  { request_headers, request_body }: Pick<Exchange, 'request_headers' | 'request_body'>,
): string {
  const headers = Object.entries(request_headers)
    .filter(([name]) => !NOT_COPIED.includes(name.toLowerCase()))
    .map(([name, value]) => `  -H ${quote.shell(`${name}: ${value}`)} \\`);
  return [
    `curl -i -X POST ${quote.shell(url)} \\`,
    ...headers,
    `  --data-raw ${quote.shell(request_body)}`,
  ].join('\n');
}
