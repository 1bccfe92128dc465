/** The next 1, 2, 2.5 or 5 of some power of ten: an axis that reads well. */
export function niceMax(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((one) => value <= one * power) ?? 10;
  // Axes count whole things.
  return Math.max(1, step * power);
}

/** Which of many labels to write, so that they do not touch: about six, evenly. */
export function tickIndexes(labels: number, most = 6): number[] {
  if (labels === 0) return [];
  const step = Math.max(1, Math.ceil(labels / most));
  return Array.from({ length: Math.ceil(labels / step) }, (_, nth) => nth * step);
}
