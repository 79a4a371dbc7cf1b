/** true if `text` has a glob character, so that it may stand for several names. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * Matches service names by a glob: `*`, `?` and `[abc]` or `[a-c]`; anything else stands for itself. Takes time in
 * proportion to name times pattern at most, whatever the pattern: it may come from somebody who means no good.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  const parts = partsOf(pattern);
  let part = 0;
  let at = 0;
  // Where to go on if the text after the last `*` does not fit: the star takes one character more.
  let star: { readonly part: number; at: number } | null = null;
  while (at < name.length) {
    const current = parts[part];
    if (current === "*") {
      star = { part, at };
      part++;
    } else if (current !== undefined && fits(name.charAt(at), current)) {
      part++;
      at++;
    } else if (star !== null) {
      part = star.part + 1;
      at = ++star.at;
    } else {
      return false;
    }
  }
  return parts.slice(part).every((rest) => rest === "*");
}

/** A pattern cut into `*`, `?`, sets with their brackets, and single characters. */
function partsOf(pattern: string): readonly string[] {
  return pattern.match(/\[[^\]]+\]|[\s\S]/g) ?? [];
}

function fits(character: string, part: string): boolean {
  if (part === "?") return true;
  if (part.length === 1) return part === character;
  const set = part.slice(1, -1);
  return [...set.matchAll(/([\s\S])-([\s\S])|[\s\S]/g)].some(([single, low, high]) =>
    low === undefined || high === undefined ? single === character : low <= character && character <= high,
  );
}
