import { anycableSnippets } from './anycable';
import { meteredSnippets } from './metered';
import { pusherSnippets } from './pusher';
import { relaySnippets } from './relay';
import { filledIn, type Snippet, type SnippetValues } from './values';

export * from './values';

/** Code for every dialect, with the customer's own values in it. */
export function snippets(values: SnippetValues): Snippet[] {
  const filled = filledIn(values);
  return [pusherSnippets, relaySnippets, anycableSnippets, meteredSnippets].flatMap((of) => of(filled));
}
