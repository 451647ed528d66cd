/** A span of seconds in the two largest units that matter: `45s`, `12m`, `3h20m`, `5d4h`. */
export function formatAge(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes === 0) return `${Math.floor(seconds)}s`;
  if (hours === 0) return `${minutes}m`;
  return days === 0 ? `${hours}h${minutes % 60}m` : `${days}d${hours % 24}h`;
}
