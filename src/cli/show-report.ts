import { EXIT } from "../core/exit-statuses.ts";
import type { CommandCall } from "./command.ts";
import { askHistory, exitOf } from "./find-history.ts";
import { lookOf } from "./render-paint.ts";
import { renderReport } from "./render-report.ts";

export interface ReportWish {
  readonly service: string;
  readonly run: number | "last";
  /** Lines of output; null: as many as a terminal has room for, elsewhere all. */
  readonly most: number | null;
}

/** What is told beside the lines of output. */
const FEWEST_LINES = 5;

/** Shows all that is kept of one run. */
export async function showReport(call: CommandCall, { service, run, most }: ReportWish): Promise<number> {
  const { given, world } = call;
  const answer = await askHistory(call, { tag: "report", service, run });
  if (answer.tag === "refused" || answer.tag === "failed") {
    world.stderr.write(`${answer.message}\n`);
    return exitOf(answer);
  }
  if (answer.tag !== "report") throw new Error("internal error: another question was answered");
  const { report } = answer;
  if (report === null) {
    const what = run === "last" ? "the last report" : `run ${run}`;
    world.stderr.write(`cannot show ${what} of ${JSON.stringify(service)}: it is not kept\n`);
    return answer.newest === null ? EXIT.noSuchService : EXIT.failed;
  }
  if (given.has("json")) {
    world.stdout.write(`${JSON.stringify(report)}\n`);
    return EXIT.done;
  }
  const look = lookOf(world);
  const page = { report, now: world.now(), most };
  const { rows } = world.stdout;
  const whole = renderReport(page, look);
  const excess = most !== null || rows === null ? 0 : whole.length + 1 - rows;
  const room = Math.max(FEWEST_LINES, (report.lines?.length ?? 0) - excess);
  const shown = excess <= 0 ? whole : renderReport({ ...page, most: room }, look);
  world.stdout.write(`${shown.join("\n")}\n`);
  return EXIT.done;
}
