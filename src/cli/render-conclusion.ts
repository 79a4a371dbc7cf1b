import type { ServiceView } from "../core/service-view.ts";
import type { Look } from "./render-paint.ts";
import { onOneLine } from "./render-text.ts";
import { countOf } from "./render-words.ts";
import { worstFirst } from "./severity.ts";
import { foldText } from "./wrap-text.ts";

/** More names than these are no help to anybody. */
const MOST_NAMES = 6;

/**
 * What stands below a table that has more lines than the terminal, as its head has left the screen by then: what is not well, and
 * the command that shows it alone. `program` is how this supervisor is spoken to.
 */
export function renderConclusion(services: readonly ServiceView[], program: string, look: Look): readonly string[] {
  const troubled = worstFirst(services.filter(({ well, want }) => want === "up" && !well)).map(({ name }) => name);
  const named = troubled.slice(0, MOST_NAMES).map(onOneLine).join(" ");
  const which = troubled.length > MOST_NAMES ? "; the worst" : "";
  const trouble =
    troubled.length === 0 ? "all well" : `${troubled.length} not well${which}: ${program} status ${named}`;
  const text = `${countOf(services.length, "service")}, ${trouble}`;
  return ["", ...foldText(text, look.width ?? text.length)];
}
