/** How many events a page keeps. The oldest leave first. */
export const CAPACITY = 1_000;

/** Newest first, at most `capacity` long; a new array for every batch, so a held one stays as it was. */
export function withNewest<T>(
  rows: readonly T[],
  batch: readonly T[],
  capacity: number = CAPACITY,
): readonly T[] {
  if (batch.length === 0) return rows;
  const newestFirst = batch.slice(-capacity).reverse();
  return newestFirst.concat(rows.slice(0, capacity - newestFirst.length));
}
