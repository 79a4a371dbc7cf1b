/* A pid namespace of one's own, made by whoever runs the tests. */
const isRoot = process.getuid?.() === 0;

/** In front of a command: makes it the first process of a pid namespace, with a /proc of its own; what is in there ends with it. */
export const UNSHARE: readonly string[] = [
  "unshare",
  ...(isRoot ? [] : ["--user", "--map-root-user"]),
  ...["--pid", "--fork", "--kill-child", "--mount-proc"],
];

export const canUnshare = Bun.spawnSync([...UNSHARE, "true"], { stderr: "ignore" }).success;

/** In front of a command: runs it in the namespace of this process, as `docker exec` does; its session is not visible in there. */
export function entering(first: number): readonly string[] {
  const user = isRoot ? [] : ["--user", "--preserve-credentials"];
  return ["nsenter", `--target=${first}`, "--pid", "--mount", ...user];
}
