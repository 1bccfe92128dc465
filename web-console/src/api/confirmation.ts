import { Problem } from './problem';

/**
 * Some deeds need a password that was given lately. The API says so with `confirmation_required`; then whoever asked
 * waits here while the reader is asked for the password, and the deed is tried again.
 */
type Asker = { settle: (confirmed: boolean) => void };

let waiting: Asker[] = [];
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

export const confirmation = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isAsked: (): boolean => waiting.length > 0,
  settle(confirmed: boolean): void {
    const settled = waiting;
    waiting = [];
    changed();
    for (const { settle } of settled) settle(confirmed);
  },
};

/** Tries, asks for the password if that is what is missing, and tries once more. */
export async function confirmed<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'confirmation_required') throw error;
    const given = await new Promise<boolean>((settle) => {
      waiting = [...waiting, { settle }];
      changed();
    });
    if (!given) throw error;
    return attempt();
  }
}
