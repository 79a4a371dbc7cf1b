import { pathKeyOf } from "./document.ts";
import type { Expanded } from "./expand-table.ts";
import type { Fault } from "./fault.ts";
import { quote } from "./problem.ts";

/**
 * The fault without any value of a variable: what was written stands in its place. `verb` as in ConfigFile.problemAt: what
 * is found when a value is used may quote something made of it, the directory of a path for example.
 */
export function hideValues(fault: Fault, { written }: Pick<Expanded, "written">, verb: "parse" | "use"): Fault {
  if (written.size === 0) return fault;
  let { reason } = fault;
  for (const { filled, shown } of written.values()) reason = reason.replaceAll(quote(filled), () => quote(shown));
  const own = writtenAt(fault, written);
  if (own === null) return { ...fault, reason };
  reason = reason.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) =>
    verb === "use" || isPartOf(quoted.slice(1, -1), own.filled) ? quote(own.shown) : quoted,
  );
  return { ...fault, reason, suggestion: null };
}

function isPartOf(text: string, value: string): boolean {
  return value !== "" && (value.includes(text) || text.includes(value));
}

/** What stands at the fault's path, or around it. */
function writtenAt({ path }: Fault, written: Expanded["written"]): { filled: string; shown: string } | null {
  for (let length = path.length; length > 0; length--) {
    const found = written.get(pathKeyOf(path.slice(0, length)));
    if (found !== undefined) return found;
  }
  return null;
}
