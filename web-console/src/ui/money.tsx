import { exactAmount, isWholeCents, roundedAmount } from './amount';

/** Micro-dollars as people read them: to the cent. What is exact is in the title where that is more. */
export function Money({ micros }: { micros: number }) {
  const shown = roundedAmount(micros);
  return isWholeCents(micros) ? shown : <span title={`exactly ${exactAmount(micros)}`}>{shown}</span>;
}
