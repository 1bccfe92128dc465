import { channelProblem, eventProblem, isReservedEvent, nameProblem } from '../channels/name';
import type { DialectId } from '../snippets/values';

/** What is about to be published. A dialect without names ignores the name. */
export type Draft = { dialect: DialectId; channel: string; name: string; data: string };

/** What a dialect calls the parts of a message. */
export type Words = {
  channel: string;
  /** Whether a message has a name; Relay's go by one of their own without. */
  name: 'needed' | 'optional' | 'none';
  /** The data is one JSON value; elsewhere it is a text. */
  isValue: boolean;
};

export const WORDS: Record<DialectId, Words> = {
  pusher: { channel: 'Channel', name: 'needed', isValue: false },
  relay: { channel: 'Channel', name: 'optional', isValue: false },
  anycable: { channel: 'Stream', name: 'none', isValue: true },
  metered: { channel: 'Topic', name: 'none', isValue: true },
};

/** What Relay's events, and values, are called that nobody has named. */
export const UNNAMED = 'message';

/** What is wrong with each field, in the words of the dialect; null where nothing is. */
export function draftProblems({ dialect, channel, name, data }: Draft): {
  channel: string | null;
  name: string | null;
  data: string | null;
} {
  const words = WORDS[dialect];
  const needsName = words.name === 'needed' || (words.name === 'optional' && name !== '');
  return {
    channel:
      dialect === 'pusher' ? channelProblem(channel) : nameProblem(channel, words.channel.toLowerCase()),
    name: needsName ? eventProblem(name, dialect === 'relay') : null,
    data: dataProblem(data, words.isValue),
  };
}

function dataProblem(data: string, isValue: boolean): string | null {
  if (isJson(data)) return null;
  if (isValue) {
    return data.trim() === '' ? 'Enter a JSON value' : 'This is no JSON. A text stands in double quotes';
  }
  const looksLikeJson = /^\s*[[{"]/.test(data);
  return looksLikeJson ? 'This starts like JSON but is none: check quotes and brackets' : null;
}

/** The request's body. A value goes in as it was typed: numbers keep their digits. */
export function publishBody({ dialect, channel, name, data }: Draft): string {
  const words = WORDS[dialect];
  const rest = {
    ...(dialect === 'pusher' ? {} : { dialect }),
    channel,
    ...(words.name !== 'none' && name !== '' ? { name } : {}),
  };
  if (!words.isValue) return JSON.stringify({ ...rest, data });
  return `${JSON.stringify(rest).slice(0, -1)},"data":${data.trim()}}`;
}

export type Heard = { dialect: DialectId; label: string; call: string; value: string };

/**
 * What a draft arrives as, in each dialect. Events have a name and a text, values have neither: where the other family
 * listens, a value is an event by the name in its `event`, and an event is a value with both in it.
 */
export function heardAs(draft: Draft, pretty: (json: string) => string): Heard[] {
  const { name, text, value } = WORDS[draft.dialect].isValue ? ofValue(draft.data) : ofEvent(draft);
  return [
    { dialect: 'pusher', label: 'Pusher', call: `.bind('${name}', (data) => …)`, value: pretty(text) },
    { dialect: 'relay', label: 'Relay', call: `{ event: '${name}', data }`, value: JSON.stringify(text) },
    {
      dialect: 'anycable',
      label: 'AnyCable',
      call: `.on('message', (message) => …)`,
      value: pretty(value),
    },
    { dialect: 'metered', label: 'Metered', call: `.on('message', ({ data }) => …)`, value: pretty(value) },
  ];
}

type Told = { name: string; text: string; value: string };

function ofEvent({ name, data }: Draft): Told {
  const event = name === '' ? UNNAMED : name;
  return { name: event, text: data, value: JSON.stringify({ event, data }) };
}

function ofValue(data: string): Told {
  const raw = data.trim();
  const parsed: unknown = isJson(raw) ? JSON.parse(raw) : null;
  const unnamed = { name: UNNAMED, text: raw, value: raw };
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return unnamed;
  const { event, data: inner } = parsed as Record<string, unknown>;
  if (typeof event !== 'string' || isReservedEvent(event) || event.startsWith('client-')) return unnamed;
  const text = inner === undefined ? '' : typeof inner === 'string' ? inner : JSON.stringify(inner);
  return { name: event, text, value: raw };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
