import type { Language } from '../ui/highlight';

export const DIALECTS = [
  {
    id: 'pusher',
    label: 'Pusher',
    help: 'The Pusher and Laravel Echo SDKs, as they are. Back ends sign with the app secret.',
  },
  {
    id: 'relay',
    label: 'Relay',
    help: 'Plain JSON over a WebSocket and a Bearer API: no SDK needed on either side.',
  },
  {
    id: 'anycable',
    label: 'AnyCable',
    help: 'The AnyCable and Action Cable SDKs. A stream is a channel, under the same name.',
  },
  {
    id: 'metered',
    label: 'Metered',
    help: 'Peers that publish, send each other direct messages and set up WebRTC calls.',
  },
] as const;

export type DialectId = (typeof DIALECTS)[number]['id'];

export type SnippetValues = {
  gatewayUrl: string;
  appId: string;
  key: string;
  /** Known only right after it was made. */
  secret: string | null;
  /** A scoped key's token; known only right after it was made. */
  token: string | null;
  /** The token of a key that has a signing secret, and so may issue tokens for peers. */
  signingToken: string | null;
  /** A publishable key that may subscribe, if the app has one. */
  publishable: string | null;
  /** Whether AnyCable clients may name streams and connect without a token. */
  openStreams: boolean;
  channel: string;
  event: string;
};

export type Snippet = {
  id: string;
  dialect: DialectId;
  label: string;
  side: 'receive' | 'publish';
  language: Language;
  /** What must be there first, as a command, where something must. */
  install: string | null;
  /** A value that has to be put in by hand, because it is shown only once or was never made. */
  missing: 'secret' | 'token' | 'signing-token' | 'publishable' | null;
  code: string;
};

export const SECRET_PLACEHOLDER = 'YOUR_APP_SECRET';
export const TOKEN_PLACEHOLDER = 'YOUR_SECRET_KEY';
export const PUBLISHABLE_PLACEHOLDER = 'YOUR_PUBLISHABLE_KEY';

/** The values with placeholders put in, and the gateway's address in its parts. */
export function filledIn(values: SnippetValues) {
  const gateway = new URL(values.gatewayUrl);
  const tls = gateway.protocol === 'https:';
  return {
    ...values,
    tls,
    host: gateway.hostname,
    port: gateway.port || (tls ? '443' : '80'),
    http: gateway.origin,
    ws: gateway.origin.replace(/^http/, 'ws'),
    secret: values.secret ?? SECRET_PLACEHOLDER,
    token: values.token ?? TOKEN_PLACEHOLDER,
    signingToken: values.signingToken ?? TOKEN_PLACEHOLDER,
    publishable: values.publishable ?? PUBLISHABLE_PLACEHOLDER,
    missingSecret: values.secret === null ? ('secret' as const) : null,
    missingToken: values.token === null ? ('token' as const) : null,
    missingSigning: values.signingToken === null ? ('signing-token' as const) : null,
    missingPublishable: values.publishable === null ? ('publishable' as const) : null,
  };
}

export type FilledIn = ReturnType<typeof filledIn>;
