/** A semaphore arm over a lamp. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#4f52e3" />
      <path d="M9 7.5v18" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path d="M9 11.5 23 8.5" stroke="#fff" strokeWidth="3.4" strokeLinecap="round" />
      <circle cx="21" cy="20" r="4" fill="#ffc53d" />
    </svg>
  );
}
