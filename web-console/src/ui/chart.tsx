import { useId, useState } from 'react';
import { compact, count } from './amount';
import css from './chart.module.css';
import { niceMax, tickIndexes } from './chart-scale';

export type Series = { name: string; tone: ChartTone; values: readonly number[] };
export type ChartTone = 'accent' | 'good' | 'warn' | 'bad' | 'info' | 'violet';

const WIDTH = 720;
const HEIGHT = 190;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 10;

/**
 * Stacked bars over time, or one line. What a bar holds is told on hover and by the keyboard; the table that every
 * chart comes with says the same in full.
 */
export function Chart({
  title,
  labels,
  axis = labels,
  series,
  kind = 'bars',
  limit,
  format = count,
}: {
  title: string;
  /** One per value: when it was. */
  labels: readonly string[];
  /** The same, shorter. */
  axis?: readonly string[];
  series: readonly Series[];
  kind?: 'bars' | 'line';
  /** A line across: what may be used at most. */
  limit?: { value: number; label: string };
  format?: (value: number) => string;
}) {
  const [at, setAt] = useState<number | null>(null);
  const id = useId();
  const sums = labels.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  // A limit far above what is used would flatten everything: then it is told in words only.
  const highest = Math.max(1, ...sums);
  const shownLimit = limit && limit.value <= highest * 4 ? limit : undefined;
  const max = niceMax(Math.max(highest, shownLimit?.value ?? 0));
  const step = (WIDTH - LEFT) / Math.max(1, labels.length);
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / max);
  const move = (delta: number) =>
    setAt((old) =>
      Math.min(labels.length - 1, Math.max(0, (old ?? (delta > 0 ? -1 : labels.length)) + delta)),
    );

  return (
    <figure className={css.chart} aria-labelledby={id}>
      <figcaption className={css.head} id={id}>
        <span className={css.title}>{title}</span>
        <span className={css.legend}>
          {series.map(({ name, tone }) => (
            <span key={name}>
              <i data-tone={tone} aria-hidden /> {name}
            </span>
          ))}
        </span>
      </figcaption>
      <div
        className={css.plot}
        role="slider"
        tabIndex={0}
        aria-label={`${title}, by time`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, labels.length - 1)}
        aria-valuenow={at ?? 0}
        aria-valuetext={
          at === null ? 'Use the arrow keys to read values' : spoken(labels, series, at, format)
        }
        onKeyDown={(event) => {
          const delta = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1 }[event.key];
          if (delta === undefined) return;
          event.preventDefault();
          move(delta);
        }}
        onBlur={() => setAt(null)}
        onPointerLeave={() => setAt(null)}
      >
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
          {[0, 0.5, 1].map((part) => (
            <line
              key={part}
              x1={LEFT}
              x2={WIDTH}
              y1={y(max * part)}
              y2={y(max * part)}
              className={css.grid}
            />
          ))}
          {kind === 'bars'
            ? labels.map((label, index) => (
                <Bar key={label} {...{ index, series, y, step }} faded={at !== null && at !== index} />
              ))
            : series.map(({ name, tone, values }) => (
                <polyline
                  key={name}
                  data-tone={tone}
                  className={css.line}
                  points={values
                    .map((value, index) => `${LEFT + step * (index + 0.5)},${y(value)}`)
                    .join(' ')}
                />
              ))}
          {shownLimit && (
            <line
              x1={LEFT}
              x2={WIDTH}
              y1={y(shownLimit.value)}
              y2={y(shownLimit.value)}
              className={css.limit}
            />
          )}
          {labels.map((label, index) => (
            <rect
              key={label}
              x={LEFT + step * index}
              y={0}
              width={step}
              height={HEIGHT - BOTTOM}
              fill="transparent"
              onPointerEnter={() => setAt(index)}
            />
          ))}
        </svg>
        {[0, 0.5, 1].map((part) => (
          <span
            key={part}
            className={css.tickY}
            style={{ top: `${(y(max * part) / HEIGHT) * 100}%` }}
            aria-hidden
          >
            {compact(max * part)}
          </span>
        ))}
        {tickIndexes(labels.length).map((index) => (
          <span
            key={index}
            className={css.tickX}
            style={{ left: `${((LEFT + step * (index + 0.5)) / WIDTH) * 100}%` }}
            aria-hidden
          >
            {axis[index]}
          </span>
        ))}
      </div>
      <p className={css.readout} aria-hidden>
        {at === null
          ? limit
            ? `${limit.label}: ${format(limit.value)}`
            : ' '
          : spoken(labels, series, at, format)}
      </p>
    </figure>
  );
}

function spoken(
  labels: readonly string[],
  series: readonly Series[],
  at: number,
  format: (value: number) => string,
): string {
  return `${labels[at]}: ${series.map(({ name, values }) => `${format(values[at] ?? 0)} ${name.toLowerCase()}`).join(', ')}`;
}

function Bar({
  index,
  series,
  y,
  step,
  faded,
}: {
  index: number;
  series: readonly Series[];
  y: (value: number) => number;
  step: number;
  faded: boolean;
}) {
  const width = Math.max(1, step * 0.72);
  const left = LEFT + step * index + (step - width) / 2;
  const bases = series.map((_, nth) =>
    series.slice(0, nth).reduce((sum, { values }) => sum + (values[index] ?? 0), 0),
  );
  return (
    <g opacity={faded ? 0.45 : 1}>
      {series.map(({ name, tone, values }, nth) => {
        const [value, base] = [values[index] ?? 0, bases[nth] ?? 0];
        if (value === 0) return null;
        const top = y(base + value);
        return (
          <rect
            key={name}
            data-tone={tone}
            className={css.bar}
            x={left}
            y={top}
            width={width}
            height={Math.max(1, y(base) - top)}
          />
        );
      })}
    </g>
  );
}
