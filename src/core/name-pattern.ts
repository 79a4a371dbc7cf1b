/** true if `text` has a glob character, so that it may stand for several names. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Matches service names by a glob: `*`, `?` and `[abc]`; anything else stands for itself. */
export function matchesPattern(name: string, pattern: string): boolean {
  return patternOf(pattern).test(name);
}

function patternOf(pattern: string): RegExp {
  const source = pattern.replace(/\[([^\]]*)\]|[\s\S]/g, (part: string, set: string | undefined) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (set !== undefined && set !== "") return `[${set.replace(/[\\\]^]/g, "\\$&")}]`;
    return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "s");
}
