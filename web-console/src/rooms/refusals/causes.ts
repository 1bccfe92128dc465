/** The machine codes of gateways in words, and what one does about each. */
export const CAUSES: { code: string; label: string; advice: string }[] = [
  {
    code: 'unauthorised',
    label: 'Not authorised',
    advice: 'Check the key and how the request or channel is signed.',
  },
  {
    code: 'scope_action',
    label: 'Action not in scope',
    advice: 'Give the key this action, or use another key.',
  },
  {
    code: 'scope_channel',
    label: 'Channel not in scope',
    advice: 'Add a pattern to the key that matches the channel.',
  },
  {
    code: 'rate_limited',
    label: 'Too fast',
    advice: 'Wait as long as Retry-After says, spread publishes, or raise the limit in Settings.',
  },
  {
    code: 'quota_exhausted',
    label: 'Message quota used up',
    advice: 'It resets at midnight UTC. A larger plan or overage goes on at once.',
  },
  {
    code: 'connection_limit',
    label: 'Too many connections',
    advice: 'Close connections that are not needed, raise the limit of the app, or take a larger plan.',
  },
  {
    code: 'event_too_large',
    label: 'Event too large',
    advice: 'Send less at once, or raise the event size in Settings.',
  },
  { code: 'body_too_large', label: 'Request too large', advice: 'Split the request.' },
  {
    code: 'channel_limit',
    label: 'Too many subscriptions',
    advice: 'One connection has too many; use patterns, or raise the limit in Settings.',
  },
  {
    code: 'member_limit',
    label: 'Too many presence members',
    advice: 'Split the channel, or take a larger plan.',
  },
  { code: 'plan_feature', label: 'Not in the plan', advice: 'A larger plan has this feature.' },
  {
    code: 'address_refused',
    label: 'Address not allowed',
    advice: 'Add the address to those that the key allows.',
  },
  {
    code: 'origin_refused',
    label: 'Origin not allowed',
    advice: 'Add the page’s origin in Settings, or to the publishable key.',
  },
  { code: 'app_disabled', label: 'App disabled', advice: 'Enable the app in Settings.' },
  { code: 'dialect_disabled', label: 'Dialect switched off', advice: 'Switch the dialect on in Settings.' },
  { code: 'tls_required', label: 'TLS required', advice: 'Connect with wss or https.' },
  { code: 'bad_request', label: 'Malformed', advice: 'The message says which part could not be read.' },
  {
    code: 'route_unknown',
    label: 'No such route',
    advice: 'Check the path against the SDK’s documentation.',
  },
  { code: 'app_unknown', label: 'No such app', advice: 'Check the app id or key.' },
  {
    code: 'unsupported_encoding',
    label: 'Encoding not supported',
    advice: 'Send the body without Content-Encoding.',
  },
  { code: 'overloaded', label: 'Overloaded', advice: 'Try again after a moment; SDKs do so by themselves.' },
  { code: 'draining', label: 'Gateway restarting', advice: 'Connect again; SDKs do so by themselves.' },
  { code: 'internal', label: 'Internal error', advice: 'Try again. If it stays, tell us the request id.' },
];

export const causeOf = (code: string) => CAUSES.find((cause) => cause.code === code);
