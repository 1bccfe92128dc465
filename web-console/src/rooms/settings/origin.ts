/** `http(s)://host[:port]`, the host with stars where any name will do: what the Origin header is compared with. */
export function originProblem(origin: string): string | null {
  return /^https?:\/\/[a-z0-9.:[\]*-]+$/i.test(origin)
    ? null
    : `${origin || 'An empty text'} is no origin: write it like https://example.com`;
}

/** The same where origins are compared whole. */
export function literalOriginsProblem(origins: readonly string[]): string | null {
  const bad = origins.find((origin) => !/^https?:\/\/[a-z0-9.:[\]-]+$/.test(origin));
  if (bad === undefined) return null;
  return bad.includes('*')
    ? `${bad}: name each origin, stars are not read here`
    : (originProblem(bad) ?? `${bad}: write it in lower case`);
}

export function originsProblem(origins: readonly string[]): string | null {
  return origins.map(originProblem).find((problem) => problem !== null) ?? null;
}
