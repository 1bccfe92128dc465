import css from './audit.module.css';
import { changesBetween, pathWords, valueWords } from './diff';

/** What a deed changed; of a thing that was made or went, all that was noted of it. */
export function Changes({ before, after }: { before: unknown; after: unknown }) {
  const changes = changesBetween(before, after);
  if (changes.length === 0) return null;
  const sides = [
    { name: 'Before', side: 'before', absent: before === null },
    { name: 'After', side: 'after', absent: after === null },
  ] as const;
  const shown = sides.filter(({ absent }) => !absent);
  return (
    <table className={css.changes}>
      <thead>
        <tr>
          <th scope="col">What</th>
          {shown.map(({ name }) => (
            <th key={name} scope="col">
              {shown.length === 2 ? name : name === 'After' ? 'As it was made' : 'As it was'}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.path}>
            <th scope="row" title={change.path}>
              {pathWords(change.path)}
            </th>
            {shown.map(({ side }) => (
              <td key={side} data-side={side}>
                <Value value={change[side]} other={change[side === 'before' ? 'after' : 'before']} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Of two lists, what only this one has stands out. */
function Value({ value, other }: { value: unknown; other: unknown }) {
  if (!isTexts(value) || !isTexts(other) || value.length === 0) return <>{valueWords(value)}</>;
  return (
    <ul className={css.items}>
      {value.map((item) => (
        <li key={item} data-own={!other.includes(item) || undefined}>
          {item}
        </li>
      ))}
    </ul>
  );
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
