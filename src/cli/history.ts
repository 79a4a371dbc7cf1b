import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import { DEFAULT_HISTORY_LINES, type HistoryLineView, MOST_HISTORY_LINES } from "../core/history-view.ts";
import { hintOf } from "../core/nearest.ts";
import { ANY_SERVICES, type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { askHistory, exitOf } from "./find-history.ts";
import { PLACE_OPTIONS, programWordsOf } from "./find-supervisor.ts";
import { MOMENT_FORMS, parseMoment } from "./parse-moment.ts";
import { renderHistory } from "./render-history.ts";
import { lookOf } from "./render-paint.ts";

export const history: Command = {
  about: `Shows what has happened to services, the newest last: starts, ends, crashes, stops and what they were for, reloads.
Names may be globs, also of services that are gone. With a name and the number of a run, or "last", it shows all that is
kept of that run: how it ended and why, what it used, its last lines, and what the supervisor said of it.

Of runs that end the same way one after the other the first and the last are kept; the others are counted. How much is
kept is said in daemonsup.toml, [history]. Where no supervisor is running, what the last one has left is read.`,
  options: {
    lines: {
      short: "n",
      value: "N",
      help: `how many lines (default ${DEFAULT_HISTORY_LINES}, at most ${MOST_HISTORY_LINES}); of output, with the number of a run`,
    },
    since: {
      short: null,
      value: "TIME",
      help: 'only what happened since then: "10m", "14:30", "yesterday", "2026-01-02"',
    },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
    "state-dir": { short: null, value: "DIR", help: "where the last supervisor has left it, if none is running" },
  },
  operands: [ANY_SERVICES],
  examples: [
    { line: "daemonsup history web", what: "what became of web" },
    { line: "daemonsup history web last", what: "its last crash: what it said, how it ended" },
    { line: "daemonsup history --since 1h", what: "everything in the last hour" },
  ],
  exits: { 1: "nothing is kept of that run, or it cannot be read", 5: "nothing is kept of something named" },
  run: showHistory,
};

async function showHistory(call: CommandCall): Promise<number> {
  const { given, world } = call;
  const lines = given.valueOf("lines");
  if (lines !== null && (!/^[0-9]{1,5}$/.test(lines) || Number(lines) > MOST_HISTORY_LINES)) {
    world.stderr.write(
      `cannot read "--lines": got ${JSON.stringify(lines)}, want a number from 0 to ${MOST_HISTORY_LINES}\n`,
    );
    return EXIT.usage;
  }
  const [service, run, ...others] = given.operands;
  const most = lines === null ? null : Number(lines);
  if (service !== undefined && run !== undefined && others.length === 0 && /^(?:[0-9]{1,9}|last)$/.test(run)) {
    const { showReport } = await import("./show-report.ts");
    return await showReport(call, { service, run: run === "last" ? run : Number(run), most });
  }
  return await showList(call, most ?? DEFAULT_HISTORY_LINES);
}

async function showList(call: CommandCall, most: number): Promise<number> {
  const { given, world } = call;
  const text = given.valueOf("since");
  const since = text === null ? null : parseMoment(text, world.now());
  if (text !== null && since === null) {
    world.stderr.write(`cannot read "--since": got ${JSON.stringify(text)}, want a time like ${MOMENT_FORMS}\n`);
    return EXIT.usage;
  }
  const answer = await askHistory(call, { tag: "list", patterns: given.operands, since, most });
  if (answer.tag !== "list") return refuse(call, answer);
  for (const word of answer.unknown) {
    const hint = hintOf(word, answer.services);
    world.stderr.write(`cannot show ${JSON.stringify(word)}: nothing is kept of it${hint}\n`);
  }
  // Nobody who asked for a name that there is not is told that nothing has happened to it.
  const isRefused = answer.unknown.length > 0 && answer.lines.length === 0 && !given.has("json");
  if (!isRefused) print(call, answer.lines);
  const status: ExitStatus = answer.unknown.length > 0 ? EXIT.noSuchService : EXIT.done;
  return status;
}

function print(call: CommandCall, lines: readonly HistoryLineView[]): void {
  const { given, world } = call;
  if (given.has("json")) {
    world.stdout.write(`${JSON.stringify(lines)}\n`);
    return;
  }
  if (lines.length === 0) return void world.stdout.write("nothing has happened\n");
  const reported = lines.findLast(({ report }) => report);
  const hint =
    reported === undefined || !world.stdout.isTerminal
      ? []
      : [`what it said: ${programWordsOf(given)} history ${reported.service} ${reported.run}`];
  world.stdout.write(`${[...renderHistory(lines, lookOf(world)), ...hint].join("\n")}\n`);
}

function refuse(
  { world }: CommandCall,
  answer: Exclude<Awaited<ReturnType<typeof askHistory>>, { tag: "list" }>,
): number {
  if (answer.tag !== "refused" && answer.tag !== "failed")
    throw new Error("internal error: another question was answered");
  world.stderr.write(`${answer.message}\n`);
  return exitOf(answer);
}
