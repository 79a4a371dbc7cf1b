/*
 * Users and groups through the C library, so that every source the machine is set up for (files, LDAP, ...) is asked.
 * struct passwd: name 0, passwd 8, uid 16, gid 20, gecos 24, dir 32, shell 40. struct group: name 0, passwd 8, gid 16.
 */
import { CString, dlopen, ptr, read, type Pointer } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  // struct passwd *getpwnam(const char *name);
  getpwnam: { args: ["cstring"], returns: "ptr" },
  // struct passwd *getpwuid(uid_t uid);
  getpwuid: { args: ["u32"], returns: "ptr" },
  // struct group *getgrnam(const char *name);
  getgrnam: { args: ["cstring"], returns: "ptr" },
  // int getgrouplist(const char *user, gid_t group, gid_t *groups, int *ngroups);
  getgrouplist: { args: ["cstring", "u32", "ptr", "ptr"], returns: "i32" },
} as const);

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The most supplementary groups that a user can have (NGROUPS_MAX). */
const GROUPS_MAX = 65_536;

/** By name, or by number written in digits; null if there is no such user. */
export function findUser(name: string): User | null {
  const entry = libc.symbols.getpwnam(name);
  if (entry !== null) return decodeUser(entry as Pointer);
  return /^\d{1,9}$/.test(name) ? findUserById(Number(name)) : null;
}

function findUserById(uid: number): User | null {
  const entry = libc.symbols.getpwuid(uid);
  return entry === null ? null : decodeUser(entry as Pointer);
}

/** The number of a group, by name or by number written in digits; null if there is no such group. */
export function findGroup(name: string): number | null {
  const entry = libc.symbols.getgrnam(name);
  if (entry !== null) return read.u32(entry as Pointer, 16);
  return /^\d{1,9}$/.test(name) ? Number(name) : null;
}

/** Every group that the user is in, `gid` among them. */
export function findGroupsOf(user: string, gid: number): readonly number[] {
  const count = new Int32Array([64]);
  for (;;) {
    const groups = new Uint32Array(count[0] ?? 64);
    const found = libc.symbols.getgrouplist(user, gid, ptr(groups), ptr(count));
    if (found >= 0) return [...groups.subarray(0, found)];
    if ((count[0] ?? 0) > GROUPS_MAX) return [gid];
  }
}

function decodeUser(entry: Pointer): User {
  return {
    name: textAt(entry, 0),
    uid: read.u32(entry, 16),
    gid: read.u32(entry, 20),
    home: textAt(entry, 32),
    shell: textAt(entry, 40),
  };
}

function textAt(entry: Pointer, offset: number): string {
  const address = read.ptr(entry, offset);
  return address === 0 ? "" : new CString(address as Pointer).toString();
}
