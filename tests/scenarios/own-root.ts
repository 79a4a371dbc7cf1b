/*
 * A root directory of one's own: this machine's files, but whatever is written to them is gone with the namespace. For
 * programs that change a machine.
 */
import { join } from "node:path";

const PROJECT = join(import.meta.dir, "../..");

/** The words: a directory for the mounts, one that is shared with the machine, then the command. */
const ENTER = `set -eu
work=$1 shared=$2 project=$3; shift 3
mount --make-rprivate /
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
for directory in /run /tmp /etc/systemd/system; do mkdir -p "$root$directory"; mount -t tmpfs tmpfs "$root$directory"; done
for directory in "$project" "$shared"; do mkdir -p "$root$directory"; mount --bind "$directory" "$root$directory"; done
cd "$root"
exec chroot . "$@"`;

/** In front of a command: its root is its own. `work` is an empty directory, `shared` one that is the machine's own in there, too. */
export function inOwnRoot(work: string, shared: string): readonly string[] {
  const namespaces = ["--pid", "--fork", "--mount", "--cgroup", "--uts", "--kill-child"];
  return ["unshare", ...namespaces, "bash", "-c", ENTER, "bash", work, shared, PROJECT];
}

/** In front of a command: runs it in the root of this process, as its child's neighbour. */
export function besideIn(first: number): readonly string[] {
  // The current directory is that of the machine's root, which means nothing in there.
  return ["nsenter", `--target=${first}`, "--pid", "--mount", "--root", "env", "--chdir=/"];
}
