import type { ActionName, ClientAction } from '../api/types';

/** What a scoped key may be allowed to do, in the order the editor shows it. */
export const ACTIONS = [
  { id: 'publish', label: 'Publish', help: 'Send events to channels over HTTP or a socket' },
  { id: 'subscribe', label: 'Subscribe', help: 'Receive events of channels' },
  { id: 'presence', label: 'Presence', help: 'Join presence channels and read their members' },
  { id: 'send', label: 'Send', help: 'Send to one user or peer directly' },
  { id: 'history', label: 'History', help: 'Read recent events of channels' },
  { id: 'channels.read', label: 'Read channels', help: 'List channels and their counts' },
  { id: 'users.terminate', label: 'Terminate users', help: 'Close all connections of a user' },
  { id: 'usage.read', label: 'Read usage', help: 'Read the app’s usage figures' },
] as const satisfies readonly { id: ActionName; label: string; help: string }[];

/** The ones that a key in clients' hands may have, in clients' words. */
export const CLIENT_ACTIONS = [
  { id: 'publish', label: 'Publish', help: 'Send messages to channels' },
  { id: 'subscribe', label: 'Subscribe', help: 'Receive messages of channels' },
  { id: 'presence', label: 'Presence', help: 'See who else is on a channel' },
  { id: 'send', label: 'Send', help: 'Send to one peer directly, as calls need' },
] as const satisfies readonly { id: ClientAction; label: string; help: string }[];
