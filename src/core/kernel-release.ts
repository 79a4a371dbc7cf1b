/** The oldest Linux that has every system call that is needed, as major and minor number. */
export const OLDEST_KERNEL = [5, 10] as const;

/** The numbers in "6.1.0-18-amd64"; null if it has none. */
export function parseKernelRelease(release: string): readonly [major: number, minor: number] | null {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release.trim()) ?? [];
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
}

export function isKernelBefore(
  [major, minor]: readonly [number, number],
  [wantedMajor, wantedMinor]: readonly [number, number],
): boolean {
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
