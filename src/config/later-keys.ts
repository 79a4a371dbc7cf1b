/** Keys that are designed and do not work yet. They are refused like any unknown key, but in other words. */
const LATER_KEYS: ReadonlySet<string> = new Set(["cgroup", "permissions"]);

const LATER_SETTINGS: ReadonlySet<string> = new Set(["daemon.max_starting"]);

/** true if a later version will know this key of a definition (dotted, without "defaults."). */
export function isLaterKey(dotted: string): boolean {
  return LATER_KEYS.has(dotted);
}

/** The same for daemonsup.toml. */
export function isLaterSetting(dotted: string): boolean {
  return LATER_SETTINGS.has(dotted) || (dotted.startsWith("defaults.") && isLaterKey(dotted.slice("defaults.".length)));
}
