/** `http(s)://host[:port]`, the host with stars where any name will do: what the Origin header is compared with. */
export function originProblem(origin: string): string | null {
  return /^https?:\/\/[a-z0-9.:[\]*-]+$/i.test(origin)
    ? null
    : `${origin || 'An empty text'} is no origin: write it like https://example.com`;
}

export function originsProblem(origins: readonly string[]): string | null {
  return origins.map(originProblem).find((problem) => problem !== null) ?? null;
}
