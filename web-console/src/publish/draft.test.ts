import { describe, expect, test } from 'vitest';
import { draftProblems, heardAs, publishBody, type Draft } from './draft';

const draft = (part: Partial<Draft>): Draft => ({
  dialect: 'pusher',
  channel: 'chat',
  name: 'said',
  data: '{"a":1}',
  ...part,
});

test.each<[Partial<Draft>, Partial<Record<'channel' | 'name' | 'data', string>>]>([
  [{}, {}],
  [{ data: 'plain text' }, {}],
  [{ data: '{"a":' }, { data: 'This starts like JSON but is none: check quotes and brackets' }],
  [{ channel: 'chat/1' }, { channel: 'Letters, digits and _ - = @ , . ; only' }],
  [{ name: '' }, { name: 'Name an event' }],
  [{ dialect: 'relay', name: '' }, {}],
  [{ dialect: 'relay', name: 'relay:x' }, { name: 'Names that start with relay: are reserved' }],
  [{ dialect: 'relay', channel: 'chat/1' }, {}],
  [{ dialect: 'anycable', name: '', channel: 'chat/1' }, {}],
  [{ dialect: 'anycable', channel: '' }, { channel: 'Name a stream' }],
  [{ dialect: 'anycable', data: 'plain' }, { data: 'This is no JSON. A text stands in double quotes' }],
  [{ dialect: 'metered', data: '"plain"' }, {}],
  [{ dialect: 'metered', data: ' ' }, { data: 'Enter a JSON value' }],
  [{ dialect: 'metered', channel: '' }, { channel: 'Name a topic' }],
  [{ dialect: 'metered', channel: 'ä'.repeat(129) }, { channel: 'At most 256 bytes' }],
])('%j has these problems: %j', (part, problems) => {
  const found = Object.entries(draftProblems(draft(part))).filter(([, problem]) => problem !== null);
  expect(Object.fromEntries(found)).toEqual(problems);
});

test.each<[Partial<Draft>, string]>([
  [{}, '{"channel":"chat","name":"said","data":"{\\"a\\":1}"}'],
  [{ dialect: 'relay', name: '' }, '{"dialect":"relay","channel":"chat","data":"{\\"a\\":1}"}'],
  [{ dialect: 'relay' }, '{"dialect":"relay","channel":"chat","name":"said","data":"{\\"a\\":1}"}'],
  [{ dialect: 'anycable' }, '{"dialect":"anycable","channel":"chat","data":{"a":1}}'],
  [
    { dialect: 'metered', data: ' 12345678901234567890 ' },
    '{"dialect":"metered","channel":"chat","data":12345678901234567890}',
  ],
])('%j goes out as %s', (part, body) => {
  expect(publishBody(draft(part))).toBe(body);
  expect(() => JSON.parse(body) as unknown).not.toThrow();
});

describe('what each dialect hears', () => {
  const heard = (part: Partial<Draft>) =>
    heardAs(draft(part), (json) => json).map(({ call, value }) => `${call} ${value}`);
  const pusher = (name: string) => `.bind('${name}', (data) => …)`;
  const relay = (name: string) => `{ event: '${name}', data }`;
  const rest = (value: string) => [
    `.on('message', (message) => …) ${value}`,
    `.on('message', ({ data }) => …) ${value}`,
  ];
  test.each<[string, Partial<Draft>, string[]]>([
    [
      'an event of Pusher',
      {},
      [
        `${pusher('said')} {"a":1}`,
        `${relay('said')} "{\\"a\\":1}"`,
        ...rest('{"event":"said","data":"{\\"a\\":1}"}'),
      ],
    ],
    [
      'an event of Relay without a name',
      { dialect: 'relay', name: '', data: 'hi' },
      [`${pusher('message')} hi`, `${relay('message')} "hi"`, ...rest('{"event":"message","data":"hi"}')],
    ],
    [
      'a value',
      { dialect: 'anycable' },
      [`${pusher('message')} {"a":1}`, `${relay('message')} "{\\"a\\":1}"`, ...rest('{"a":1}')],
    ],
    [
      'a value that names an event',
      { dialect: 'metered', data: '{"event":"chat","data":"hi"}' },
      [`${pusher('chat')} hi`, `${relay('chat')} "hi"`, ...rest('{"event":"chat","data":"hi"}')],
    ],
    [
      'a value whose name nobody may use',
      { dialect: 'metered', data: '{"event":"pusher:error"}' },
      [
        `${pusher('message')} {"event":"pusher:error"}`,
        `${relay('message')} "{\\"event\\":\\"pusher:error\\"}"`,
        ...rest('{"event":"pusher:error"}'),
      ],
    ],
  ])('%s', (_name, part, expected) => {
    expect(heard(part)).toEqual(expected);
  });
});
