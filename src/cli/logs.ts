import { askLines, type Reply } from "../control/client.ts";
import type { LogLine } from "../control/control-port.ts";
import { DEFAULT_LOG_LINES, MAX_LOG_LINES } from "../control/limits.ts";
import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import { type Command, type CommandCall, JSON_OPTION, SOME_SERVICES } from "./command.ts";
import { ANSWER_WITHIN, findServices } from "./find-services.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { worstExitOf } from "./worst-exit.ts";

export const logs: Command = {
  about: `Shows the last lines that services have written, oldest first, each with its time;
with several services also with the name of each. Names may be globs. The text is
printed as the service wrote it.`,
  options: {
    follow: { short: "f", value: null, help: "go on with every new line until interrupted" },
    lines: {
      short: "n",
      value: "N",
      help: `how many lines of each service (default ${DEFAULT_LOG_LINES}, at most ${MAX_LOG_LINES})`,
    },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [SOME_SERVICES],
  examples: [
    { line: "daemonsup logs -n 20 web", what: "the last 20 lines" },
    { line: "daemonsup logs -f '*'", what: "follow all services" },
  ],
  exits: { 1: "the connection broke" },
  run: showLogs,
};

async function showLogs(call: CommandCall): Promise<number> {
  const { given, world } = call;
  const wanted = given.valueOf("lines") ?? String(DEFAULT_LOG_LINES);
  if (!/^[0-9]{1,5}$/.test(wanted) || Number(wanted) > MAX_LOG_LINES) {
    world.stderr.write(
      `cannot read "--lines": got ${JSON.stringify(wanted)}, want a number from 0 to ${MAX_LOG_LINES}\n`,
    );
    return EXIT.usage;
  }
  const selection = await findServices(given.operands, call);
  if ("tag" in selection) {
    world.stderr.write(`${selection.message}\n`);
    return selection.exit;
  }
  for (const { word, reason } of selection.unknown)
    world.stderr.write(`cannot show ${JSON.stringify(word)}: ${reason}\n`);
  const print = printerOf(call, selection.names);
  const replies = await Promise.all(selection.names.map((name) => request(call, name, wanted)));
  const statuses = given.has("follow") ? await follow(call, replies, print) : await showPast(call, replies, print);
  return worstExitOf(selection.unknown.length > 0 ? [...statuses, EXIT.noSuchService] : statuses);
}

/** Writes one line; false: nobody reads any more. */
type Print = (line: LogLine) => boolean;

function printerOf({ given, world }: CommandCall, names: readonly string[]): Print {
  if (given.has("json")) return (line) => world.stdout.write(`${JSON.stringify(line)}\n`);
  const width = Math.max(0, ...names.map((name) => name.length));
  return (line) => {
    const name = names.length > 1 ? `${line.service.padEnd(width)} ` : "";
    return world.stdout.write(`${name}${line.at} ${line.text}\n`);
  };
}

function request(call: CommandCall, name: string, lines: string): Promise<Reply<AsyncIterable<LogLine>>> {
  const isFollowing = call.given.has("follow");
  const query = { lines, follow: String(isFollowing) };
  return askLines(call.place, { route: "logs", name, query, patience: isFollowing ? null : ANSWER_WITHIN });
}

type LineReplies = readonly Reply<AsyncIterable<LogLine>>[];

async function showPast(call: CommandCall, replies: LineReplies, print: Print): Promise<readonly ExitStatus[]> {
  const lines: LogLine[] = [];
  const statuses = await Promise.all(replies.map((reply) => readAll(call, reply, (line) => lines.push(line) > 0)));
  // Stable: lines of one service stay in their order.
  lines.sort((left, right) => (left.at < right.at ? -1 : Number(left.at > right.at)));
  for (const line of lines) if (!print(line)) break;
  return statuses;
}

async function follow(call: CommandCall, replies: LineReplies, print: Print): Promise<readonly ExitStatus[]> {
  // The first reader that finds the door closed ends them all.
  const closed = Promise.withResolvers<readonly ExitStatus[]>();
  const reading = replies.map((reply) =>
    readAll(call, reply, (line) => {
      const isRead = print(line);
      if (!isRead) closed.resolve([EXIT.done]);
      return isRead;
    }),
  );
  return await Promise.race([Promise.all(reading), closed.promise]);
}

async function readAll(call: CommandCall, reply: LineReplies[number], take: Print): Promise<ExitStatus> {
  if (reply.tag === "refused") {
    call.world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  try {
    for await (const line of reply.value) if (!take(line)) break;
    return EXIT.done;
  } catch {
    call.world.stderr.write("cannot show more: the supervisor has closed the connection\n");
    return EXIT.failed;
  }
}
