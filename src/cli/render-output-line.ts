import type { OutputLine } from "../control/control-port.ts";
import { type Look, paintFaint } from "./render-paint.ts";

/** SGR codes of ECMA-48 for names: none that means something elsewhere, as red does. */
const COLOURS = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"] as const;

/** What stands behind a line that is shown as far as it was read. */
const CUT_MARK = " [cut here, the line is longer]";

/** One line as text; `width`: of the names, which are shown in front; null: there is only one service. */
export function renderOutputLine(line: OutputLine, width: number | null, look: Look): string {
  const name = width === null ? "" : `${paintName(line.service, width, look)} `;
  // To the millisecond: what is finer is in JSON.
  const at = paintFaint(line.at.replace(/(\.\d{3})\d*Z$/, "$1Z"), look);
  return `${name}${at} ${line.text}${line.cut ? paintFaint(CUT_MARK, look) : ""}`;
}

/** The same name always has the same colour. */
function paintName(name: string, width: number, look: Look): string {
  const padded = name.padEnd(width);
  if (!look.isColoured) return padded;
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return `\u001b[${COLOURS[sum % COLOURS.length]}m${padded}\u001b[0m`;
}
