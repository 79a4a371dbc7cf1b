/** The fields of a line that is a JSON object, with blanks around it at most; null of any other line. */
export function jsonObjectOf(line: string): Readonly<Record<string, unknown>> | null {
  // Cheap to tell of nearly every line that is none.
  if (!/^\s*\{/.test(line) || !/\}\s*$/.test(line.slice(-8))) return null;
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}
