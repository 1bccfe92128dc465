import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Chart } from './chart';
import { niceMax, tickIndexes } from './chart-scale';

afterEach(cleanup);

test.each([
  [0, 2],
  [1, 2],
  [3, 4],
  [10, 10],
  [23, 40],
  [41, 60],
  [999, 1000],
  [1001, 2000],
])('an axis up to %i ends at %i', (value, expected) => {
  expect(niceMax(value)).toBe(expected);
});

test.each([
  [0, []],
  [3, [0, 1, 2]],
  [24, [0, 4, 8, 12, 16, 20]],
  [30, [0, 5, 10, 15, 20, 25]],
])('of %i labels these are written: %j', (labels, expected) => {
  expect(tickIndexes(labels)).toEqual(expected);
});

test('arrow keys read the values, and stop at the ends', () => {
  render(
    <Chart
      title="Messages"
      labels={['10:00', '11:00']}
      series={[
        { name: 'Published', tone: 'accent', values: [3, 4] },
        { name: 'Delivered', tone: 'good', values: [1000, 2] },
      ]}
    />,
  );
  const plot = screen.getByRole('slider');
  const said = () => plot.getAttribute('aria-valuetext');
  fireEvent.keyDown(plot, { key: 'ArrowRight' });
  expect(said()).toBe('10:00: 3 published, 1,000 delivered');
  fireEvent.keyDown(plot, { key: 'ArrowRight' });
  fireEvent.keyDown(plot, { key: 'ArrowRight' });
  expect(said()).toBe('11:00: 4 published, 2 delivered');
});

test('a bar is as high as its part of the axis', () => {
  const { container } = render(
    <Chart title="One" labels={['a']} series={[{ name: 'Published', tone: 'accent', values: [6] }]} />,
  );
  const bar = container.querySelector('rect[data-tone]');
  expect(Number(bar?.getAttribute('height'))).toBe(190 - 10 - 22);
});
