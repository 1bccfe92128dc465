import { useSyncExternalStore } from 'react';
import type { NewCredential } from './types';

/** A token that may publish, and the last one whose key may also issue tokens for peers. */
export type FreshToken = { token: string; signingToken: string | null };

type FreshPair = Pick<NewCredential, 'key' | 'secret'>;

/**
 * Secrets that the API has just answered and will never answer again. They live in this page's memory only:
 * the room that shows them reads them here, and they are gone with a reload or when the reader puts them away.
 */
let fresh: ReadonlyMap<string, FreshPair> = new Map();
let tokens: ReadonlyMap<string, FreshToken> = new Map();
let endpoints: ReadonlyMap<string, string> = new Map();
const listeners = new Set<() => void>();

function publish(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function rememberSecret(appId: string, credential: FreshPair): void {
  fresh = new Map(fresh).set(appId, { key: credential.key, secret: credential.secret });
  publish();
}

export function rememberToken(appId: string, token: string, signs: boolean): void {
  const signingToken = signs ? token : (tokens.get(appId)?.signingToken ?? null);
  tokens = new Map(tokens).set(appId, { token, signingToken });
  publish();
}

/** The signing secret of a webhook endpoint. */
export function rememberEndpointSecret(endpoint: string, secret: string): void {
  endpoints = new Map(endpoints).set(endpoint, secret);
  publish();
}

export function useFreshEndpointSecret(endpoint: string): string | undefined {
  return useSyncExternalStore(subscribe, () => endpoints.get(endpoint));
}

export function forgetSecret(appId: string): void {
  const next = new Map(fresh);
  next.delete(appId);
  fresh = next;
  publish();
}

export function useFreshSecret(appId: string): FreshPair | undefined {
  return useSyncExternalStore(subscribe, () => fresh.get(appId));
}

export function useFreshToken(appId: string): FreshToken | undefined {
  return useSyncExternalStore(subscribe, () => tokens.get(appId));
}
