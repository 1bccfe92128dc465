import { expect, test } from 'vitest';
import { changesOf, type Change } from './changes';

type Values = { on: boolean; name: string; seconds: number | string; origins: string[]; level: string };

const values: Values = {
  on: false,
  name: 'Shop',
  seconds: 1800,
  origins: ['https://a.example'],
  level: 'off',
};
const fields = {
  on: { label: 'Client events' },
  name: { label: 'Name' },
  seconds: {
    label: 'Cached event',
    show: (value: number | string) => (value === '' ? 'the plan’s' : `${value} s`),
  },
  origins: { label: 'Origins' },
  level: { label: 'Who', show: (level: string) => ({ off: 'Nobody' })[level] ?? 'Anybody' },
};

test.each<[string, Partial<Values>, Change[]]>([
  ['nothing', {}, []],
  ['a switch', { on: true }, [{ label: 'Client events', before: 'off', after: 'on' }]],
  ['a text that is emptied', { name: '' }, [{ label: 'Name', before: 'Shop', after: 'nothing' }]],
  ['a number with a unit', { seconds: 60 }, [{ label: 'Cached event', before: '1800 s', after: '60 s' }]],
  [
    'a number that is taken away',
    { seconds: '' },
    [{ label: 'Cached event', before: '1800 s', after: 'the plan’s' }],
  ],
  ['a choice, in its words', { level: 'anonymous' }, [{ label: 'Who', before: 'Nobody', after: 'Anybody' }]],
  [
    'a list',
    { origins: ['https://b.example'] },
    [{ label: 'Origins', added: ['https://b.example'], removed: ['https://a.example'] }],
  ],
])('%s', (_, changed, expected) => {
  expect(changesOf(values, { ...values, ...changed }, fields)).toEqual(expected);
});

test('a list whose order changes is said whole', () => {
  const [one, two] = [{ origins: ['a', 'b'] }, { origins: ['b', 'a'] }];
  expect(changesOf(one, two, { origins: { label: 'Origins' } })).toEqual([
    { label: 'Origins', before: 'a,b', after: 'b,a' },
  ]);
});
