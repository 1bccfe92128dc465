import { expect, test } from 'vitest';
import type { UsageBucket } from '../../api/types';
import { axisLabels, bucketLabels, refusalSeries } from './series';

const bucket = (start: string, refused: Record<string, number> = {}) => ({ start, refused }) as UsageBucket;

test('causes are ordered by how often they were, in the order of time within each', () => {
  const series = refusalSeries([bucket('', { rare: 1, often: 5 }), bucket('', { often: 2 })]);
  expect(series.map(({ name, values }) => [name, values])).toEqual([
    ['often', [5, 2]],
    ['rare', [1, 0]],
  ]);
});

test('of many causes the smallest are added up', () => {
  const refused = { a: 70, b: 60, c: 50, d: 40, e: 3, f: 2, g: 1 };
  const series = refusalSeries([bucket('', refused)]);
  expect(series.map(({ name, values }) => [name, values[0]])).toEqual([
    ['a', 70],
    ['b', 60],
    ['c', 50],
    ['d', 40],
    ['others', 6],
  ]);
});

test('nothing refused is no series', () => expect(refusalSeries([bucket('')])).toEqual([]));

test('days and months are those of UTC', () => {
  const buckets = [bucket('2026-11-01T00:00:00Z')];
  expect(bucketLabels(buckets, 'day')).toEqual(['Nov 1']);
  expect(bucketLabels(buckets, 'month')).toEqual(['Nov 2026']);
});

test('an axis of more than a day of hours tells days', () => {
  const hours = (n: number) => Array.from({ length: n }, () => bucket('2026-11-05T12:00:00Z'));
  expect(axisLabels(hours(24), 'hour')[0]).toMatch(/^\d\d:00$/);
  expect(axisLabels(hours(48), 'hour')[0]).toBe('Nov 5');
});
