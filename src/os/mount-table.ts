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

/** By point. */
export type MountTable = ReadonlyMap<string, MountedAt>;

/**
 * Lines of /proc/self/mountinfo (proc_pid_mountinfo(5)): number, parent, device, root, point, options, ..., "-", type, ...
 * Of several at the same point the last counts, which covers the others.
 */
export function parseMountTable(text: string): MountTable {
  const table = new Map<string, MountedAt>();
  for (const line of text.split("\n")) {
    const [mount = "", system = ""] = line.split(" - ");
    const [, , device, , escaped] = mount.split(" ");
    const [type] = system.split(" ");
    if (device === undefined || escaped === undefined || type === undefined) continue;
    const point = unescaped(escaped);
    table.set(point, { point, device, type });
  }
  return table;
}

/** The mount whose point is the longest beginning of the path, which is absolute. A table may be long, a path is not. */
export function mountOf(path: string, table: MountTable): MountedAt | null {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    const found = table.get(path.slice(0, end));
    if (found !== undefined) return found;
  }
  return table.get("/") ?? null;
}

/** Blanks and backslashes are written as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** What is mounted now; nothing where there is no /proc. No file system is asked, so none can make the caller wait. */
export function readMountTable(): MountTable {
  try {
    return parseMountTable(readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return new Map();
  }
}

/** These answer, or the machine has worse troubles; others may be a network, or a program that was stopped. */
const LOCAL = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs", "ramfs", "rootfs", "overlay"]);

export function isLocal(type: string): boolean {
  return LOCAL.has(type);
}
