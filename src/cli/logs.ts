import { askLines } from "../control/client.ts";
import type { OutputItem } from "../control/control-port.ts";
import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import { BatchedOutput } from "./batched-output.ts";
import { ANY_SERVICES, type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { followOutput } from "./follow-output.ts";
import { LOGS_OPTIONS, type LogsOptions, readLogsOptions } from "./read-logs-options.ts";
import { lookOf } from "./render-paint.ts";
import { renderOutputLine } from "./render-output-line.ts";
import { worstExitOf } from "./worst-exit.ts";

export const logs: Command = {
  about: `Shows what services have written, merged by time, out of all their files, rotated and compressed ones too; without
names, of all services. The text is printed as the service wrote it.

Without a running supervisor the files are read all the same: those of the definitions that it had last, or what is in the log
directory.`,
  options: {
    ...LOGS_OPTIONS,
    config: { short: null, value: "DIR", help: "if none runs: with these definitions" },
    "log-dir": { short: null, value: "DIR", help: "if none runs: its log directory" },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [ANY_SERVICES],
  examples: [
    { line: "daemonsup logs -f 'web-*' db", what: "follow several services, also through restarts" },
    { line: "daemonsup logs --since 10m --grep 'timeout|refused'", what: "search all services" },
  ],
  exits: { 1: "not all could be read", 7: "none runs, and there are no files, or --follow" },
  run: showLogs,
};

async function showLogs(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const options = readLogsOptions(given, world.now());
  if (typeof options === "string") {
    world.stderr.write(`${options}\n`);
    return EXIT.usage;
  }
  const query = queryOf(given.operands, options);
  const reply = options.isFollowed
    ? await followOutput(place, { query, began: world.now() })
    : await askLines(place, { route: "output", name: null, query, patience: null });
  if (reply.tag === "ok") return await printAll(call, reply.value);
  if (reply.why !== "not-running") {
    world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  const { readFiles } = await import("./read-log-files.ts");
  const found = await readFiles(call, options);
  if (found === null) {
    world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  world.stderr.write(`no supervisor is running: reading the files ${found.where}\n`);
  const status = await printAll(call, found.items);
  if (!options.isFollowed) return status;
  world.stderr.write("cannot follow: no supervisor is running\n");
  return worstExitOf([status as ExitStatus, EXIT.notRunning]);
}

function queryOf(words: readonly string[], options: LogsOptions): Readonly<Record<string, string>> {
  const { isFollowed, count, since, until, wishes, run, isThisBoot } = options;
  const { grep, priority, stream } = wishes;
  const values: Readonly<Record<string, string | null>> = {
    names: words.length === 0 ? null : words.join(","),
    lines: count === null ? null : String(count),
    since: isoOf(since),
    until: isoOf(until),
    grep: grep?.pattern ?? null,
    ignore_case: grep?.ignoreCase === true ? "true" : null,
    priority,
    stream,
    run: run === null ? null : String(run),
    boot: isThisBoot ? "true" : null,
    follow: isFollowed ? "true" : null,
  };
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null));
}

function isoOf(moment: number | null): string | null {
  return moment === null ? null : new Date(moment).toISOString();
}

/** Lines to standard output, notes to standard error. */
async function printAll({ given, world }: CommandCall, items: AsyncIterable<OutputItem>): Promise<number> {
  const statuses: ExitStatus[] = [];
  const look = lookOf(world);
  const names = new Set<string>();
  let width = 0;
  function know(name: string): void {
    if (names.has(name)) return;
    names.add(name);
    width = Math.max(width, name.length);
  }
  const output = new BatchedOutput(world.stdout);
  function print(item: OutputItem): void {
    if ("services" in item) {
      item.services.forEach(know);
    } else if ("note" in item) {
      output.flush();
      world.stderr.write(`${item.note}\n`);
      statuses.push(item.exit as ExitStatus);
    } else if (given.has("json")) {
      output.write(`${JSON.stringify(item)}\n`);
    } else {
      know(item.service);
      output.write(`${renderOutputLine(item, names.size > 1 ? width : null, look)}\n`);
    }
  }
  async function printItems(): Promise<void> {
    try {
      for await (const item of items) {
        print(item);
        if (!output.isOpen) return;
      }
    } catch {
      output.flush();
      world.stderr.write("cannot show more: the supervisor has closed the connection\n");
      statuses.push(EXIT.failed);
    }
    output.flush();
  }
  await Promise.race([printItems(), output.closed]);
  return worstExitOf(statuses);
}
