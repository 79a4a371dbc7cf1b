import type { PublicState } from "../core/service-view.ts";
import type { CliWorld } from "./world.ts";

/** How text may look on what it is written to. */
export interface Look {
  readonly isColoured: boolean;
  /** Cells of a line; null: not a terminal, nothing is cut. */
  readonly width: number | null;
  /** Stands for what was cut off. */
  readonly mark: string;
}

/** SGR codes of ECMA-48. */
const COLOURS: Readonly<Record<PublicState, string>> = {
  failed: "1;31",
  backoff: "31",
  waiting: "33",
  stopping: "33",
  starting: "33",
  up: "32",
  done: "2",
  down: "2",
};

/** Colour on a terminal only, and never with NO_COLOR (see no-color.org); an ellipsis only where it can be shown. */
export function lookOf(world: Pick<CliWorld, "env" | "stdout">): Look {
  const { env, stdout } = world;
  const isPlain = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return {
    isColoured: stdout.isTerminal && !isPlain && env["TERM"] !== "dumb",
    width: stdout.isTerminal ? Math.max(20, stdout.columns ?? 80) : null,
    mark: /utf-?8/i.test(locale) ? "…" : "...",
  };
}

/** true if lines and corners can be shown: where an ellipsis can. */
export function canDraw(look: Look): boolean {
  return look.mark === "…";
}

/** What matters less than the rest. */
export function paintFaint(text: string, look: Look): string {
  return look.isColoured && text !== "" ? `\u001b[2m${text}\u001b[0m` : text;
}

/** The text in the colour of the state. */
export function paintState(text: string, state: PublicState, look: Look): string {
  return look.isColoured ? `\u001b[${COLOURS[state]}m${text}\u001b[0m` : text;
}
