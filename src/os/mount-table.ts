import { readFileSync } from "node:fs";

/** The file system that a path lies on. */
export interface MountedAt {
  /** Where it is mounted. */
  readonly point: string;
  /** Such as "8:1": the same for every place where one file system is mounted. */
  readonly device: string;
  /** Such as "ext4". */
  readonly type: string;
}

/** Lines of /proc/self/mountinfo (proc_pid_mountinfo(5)): number, parent, device, root, point, options, ..., "-", type, ... */
export function parseMountTable(text: string): readonly MountedAt[] {
  return text.split("\n").flatMap((line): MountedAt[] => {
    const [mount = "", system = ""] = line.split(" - ");
    const [, , device, , point] = mount.split(" ");
    const [type] = system.split(" ");
    if (device === undefined || point === undefined || type === undefined) return [];
    return [{ point: unescaped(point), device, type }];
  });
}

/** The last of the mounts whose point is the longest beginning of the path: a later one covers an earlier one. */
export function mountOf(path: string, table: readonly MountedAt[]): MountedAt | null {
  let found: MountedAt | null = null;
  for (const mount of table) {
    const isAbove = mount.point === "/" || path === mount.point || path.startsWith(`${mount.point}/`);
    if (isAbove && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

/** Blanks and backslashes are written as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** What is mounted now; nothing where there is no /proc. No file system is asked, so none can make the caller wait. */
export function readMountTable(): readonly MountedAt[] {
  try {
    return parseMountTable(readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return [];
  }
}

/** These answer, or the machine has worse troubles; others may be a network, or a program that was stopped. */
const LOCAL = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs", "ramfs", "rootfs", "overlay"]);

export function isLocal(type: string): boolean {
  return LOCAL.has(type);
}
