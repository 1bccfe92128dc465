import { count } from './amount';
import css from './meter.module.css';

/** How much of something is used, and where it will be if it goes on like this. */
export function Meter({
  label,
  used,
  limit,
  forecast,
  unit = '',
  note,
}: {
  label: string;
  used: number;
  limit: number;
  forecast?: number;
  unit?: string;
  note?: React.ReactNode;
}) {
  const part = (amount: number) => (limit > 0 ? Math.min(100, Math.max(0, (amount / limit) * 100)) : 100);
  const percent = limit > 0 ? Math.round((used / limit) * 100) : 100;
  const tone = percent >= 100 ? 'bad' : percent >= 80 ? 'warn' : 'good';
  return (
    <div className={css.meter}>
      <div className={css.head}>
        <span className={css.label}>{label}</span>
        <span className={css.value}>
          <strong>{count(used)}</strong> of {count(limit)}
          {unit && ` ${unit}`} ({percent}%)
        </span>
      </div>
      <div
        className={css.track}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(limit, 0)}
        aria-valuenow={Math.min(Math.max(used, 0), Math.max(limit, 0))}
        aria-valuetext={`${count(used)} of ${count(limit)} ${unit}`}
      >
        {forecast !== undefined && forecast > used && (
          <div className={css.forecast} style={{ width: `${part(forecast)}%` }} />
        )}
        <div className={css.fill} data-tone={tone} style={{ width: `${part(used)}%` }} />
      </div>
      {note && <p className={css.note}>{note}</p>}
    </div>
  );
}
