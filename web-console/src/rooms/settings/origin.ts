/** `https://host[:port]`, a host, or a host with a leading `*.`: what the gateway compares the Origin header with. */
export function originProblem(origin: string): string | null {
  if (/^https?:\/\/(\*\.)?[^\s/*?#]+$/.test(origin) || /^(\*\.)?[\w.-]+(:\d+)?$/.test(origin)) return null;
  return `${origin} is no origin: write https://example.com, example.com or *.example.com`;
}

export function originsProblem(origins: readonly string[]): string | null {
  return origins.map(originProblem).find((problem) => problem !== null) ?? null;
}
