/** The next even number of few digits: axes count whole things, and are marked in the middle too. */
export function niceMax(value: number): number {
  if (value <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 6, 8, 10].find((one) => value <= one * power) ?? 10;
  return step * power;
}

/** Which of many labels to write, so that they do not touch: about six, evenly. */
export function tickIndexes(labels: number, most = 6): number[] {
  if (labels === 0) return [];
  const step = Math.max(1, Math.ceil(labels / most));
  return Array.from({ length: Math.ceil(labels / step) }, (_, nth) => nth * step);
}
