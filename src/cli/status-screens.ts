/* What `status` shows to people. Loaded while the supervisor is at work on what is asked of it. */
import type { Answers } from "../control/answers.ts";
import type { ServiceView } from "../core/service-view.ts";
import type { UsageView } from "../core/usage-view.ts";
import type { CommandCall } from "./command.ts";
import { programWordsOf } from "./find-supervisor.ts";
import { renderConclusion } from "./render-conclusion.ts";
import { lookOf, paintFaint } from "./render-paint.ts";
import { renderStatusBlock, type StatusPage } from "./render-status-block.ts";
import { renderStatusTable } from "./render-status-table.ts";
import { ageWordsOf } from "./render-words.ts";

/** Everything about one service. */
export function statusBlockOf(
  { given, world }: CommandCall,
  page: Pick<StatusPage, "service" | "details" | "lines">,
): readonly string[] {
  return renderStatusBlock({ ...page, now: world.now(), program: programWordsOf(given) }, lookOf(world));
}

export interface TableContents {
  readonly services: readonly ServiceView[];
  readonly usages: ReadonlyMap<string, UsageView>;
  /** What stands below. */
  readonly foot: readonly string[];
}

/** Services in a table, those in trouble first. */
export function statusTableOf(
  { given, world }: CommandCall,
  { services, usages, foot }: TableContents,
): readonly string[] {
  const table = { services, usages, now: world.now(), program: programWordsOf(given) };
  const look = lookOf(world);
  const lines = [...renderStatusTable(table, look), ...foot];
  const { rows } = world.stdout;
  // The prompt takes a line as well. What is drawn again and again shows its head, not its end.
  const isHigher = rows !== null && lines.length >= rows && !given.has("watch");
  return isHigher ? [...lines, ...renderConclusion(services, table.program, look)] : lines;
}

/** A line about the supervisor itself, apart from the table: of which version it is, and since when. */
export function statusFootOf({ world }: CommandCall, version: Answers["version"]): readonly string[] {
  return ["", paintFaint(`supervisor ${version.version}: ${ageWordsOf(version, world.now())}`, lookOf(world))];
}
