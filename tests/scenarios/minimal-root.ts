/*
 * What a container has: a root file system of the binary, libc with its loader and a shell, read-only; /proc of a pid namespace of
 * its own; of /dev nothing but null, so no /dev/log; few capabilities; and only the directories of the test to write to.
 */
import { mkdirSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { skipReason } from "./loud-skip.ts";
import { BINARY, TestPlace, run } from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;

/** Leaves as many orphans as its argument says, then waits; the same path inside. null: there is no C compiler. */
export const ORPHAN_MAKER = compileProgram("orphan-maker");

/** What Docker leaves to root by default. */
export const USUAL_CAPABILITIES = [
  ...["chown", "dac_override", "fowner", "fsetid", "kill", "mknod", "net_bind_service", "net_raw", "audit_write"],
  ...["setfcap", "setgid", "setpcap", "setuid", "sys_chroot"],
] as const;

/** The words: place, capabilities, then for each file of the root its path, "--", and the command. */
const ENTER = `set -eu
place=$1 capabilities=$2; shift 2
root=$place/root
mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
mkdir "$root/proc" "$root/dev" "$root/etc"
printf 'root:x:0:0::/:/bin/sh\\nnobody:x:65534:65534::/:/bin/sh\\n' > "$root/etc/passwd"
printf 'root:x:0:\\nnogroup:x:65534:\\n' > "$root/etc/group"
mount -t proc proc "$root/proc"
: > "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
while [ "$1" != -- ]; do
  mkdir -p "$root\${1%/*}"
  : > "$root$1"
  mount --bind "$1" "$root$1"
  shift
done
shift
mkdir -p "$root$place"
mount --bind "$place" "$root$place"
mount -o remount,bind,ro "$root$place"
for directory in run state log; do mount --bind "$place/$directory" "$root$place/$directory"; done
mount -o remount,bind,ro "$root"
cd "$root"
exec setpriv --bounding-set="$capabilities" --inh-caps=-all chroot . "$@"`;

/** In front of a command: makes it the first process of a container. Without `capabilities` it has none that counts. */
export function inContainer(place: TestPlace, capabilities: readonly string[] = ["sys_chroot"]): readonly string[] {
  for (const directory of ["root", "run", "state", "log"]) mkdirSync(place.path(directory), { recursive: true });
  const user = isRoot ? [] : ["--user", "--map-root-user"];
  const namespaces = ["--pid", "--fork", "--mount", "--uts", "--ipc", "--kill-child"];
  const bounding = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  const files = [...FILES, ...(ORPHAN_MAKER === null ? [] : [ORPHAN_MAKER])];
  return ["unshare", ...user, ...namespaces, "sh", "-c", ENTER, "sh", place.directory, bounding, ...files, "--"];
}

/** The binary, a shell, and what both need. */
const FILES: readonly string[] = [BINARY, "/bin/sh", ...(await librariesOf(BINARY, "/bin/sh"))];

async function librariesOf(...programs: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run(["ldd", ...programs]);
  return [...new Set(stdout.match(/(?<=\s)\/\S+(?= \()/gu))];
}

/** Why none of this is possible here; null: it is. */
export async function whyNoContainer(): Promise<string | null> {
  using place = new TestPlace({});
  const tried = await run([...inContainer(place), "/bin/sh", "-c", ":"]);
  return skipReason("containers", [
    [ORPHAN_MAKER !== null, "there is no C compiler"],
    [tried.code === 0, `none can be made here: ${tried.stderr.trim()}`],
  ]);
}
