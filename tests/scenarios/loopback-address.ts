/** One of 16 million addresses of this machine, so that any port of it is free whoever else runs tests. */
export function chanceLoopbackAddress(): string {
  const [second = 0, third = 0, fourth = 0] = crypto.getRandomValues(new Uint8Array(3));
  return `127.${second}.${third}.${Math.min(Math.max(fourth, 2), 254)}`;
}
