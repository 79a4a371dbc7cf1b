import { ask } from "../control/client.ts";
import type { ScaleAnswer } from "../control/protocol.ts";
import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import { MAX_INSTANCES } from "../core/most-instances.ts";
import { type Command, type CommandCall, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { readWaitOptions } from "./read-wait-options.ts";
import { renderNotes } from "./render-notes.ts";
import { onOneLine } from "./render-text.ts";
import { countOf } from "./render-words.ts";
import type { Concern } from "./wait-reasons.ts";
import { waitFor } from "./watch-waiting.ts";
import { INTERRUPTED } from "./worst-exit.ts";

export const scale: Command = {
  about: `Makes N instances of a template, NAME@1 to NAME@N: what is missing is made and started,
what is too much is stopped and forgotten, everything else is left alone. The number is
remembered and overrules the file, until N is "file".

An instance with a name of its own is made by daemonsup start NAME@x, does not count,
and is taken away by daemonsup scale NAME@x 0.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [
    { shown: "NAME", kind: "template", count: "one" },
    { shown: "N", kind: "number", count: "one" },
  ],
  examples: [
    { line: "daemonsup scale worker 4", what: "worker@1 to worker@4" },
    { line: "daemonsup scale worker file", what: "as many as its file says" },
  ],
  exits: { 0: "there are so many, each up or done", 1: "an instance has failed", 6: "the definitions are wrong" },
  run: scaleTemplate,
};

/** Stands for the number that the file says. */
const AS_FILE_SAYS = "file";

const EXIT_OF: Readonly<Record<ScaleAnswer["result"], ExitStatus>> = {
  done: EXIT.done,
  failed: EXIT.failed,
  overtaken: EXIT.failed,
  "timed-out": EXIT.timedOut,
};

async function scaleTemplate(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const [name = "", number = ""] = given.operands;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") return refuse(call, wish.message);
  if (number !== AS_FILE_SAYS && !(/^[0-9]{1,4}$/.test(number) && Number(number) <= MAX_INSTANCES)) {
    const wanted = `want a number from 0 to ${MAX_INSTANCES}, or "${AS_FILE_SAYS}"`;
    return refuse(call, `cannot scale ${JSON.stringify(name)}: got ${JSON.stringify(number)}, ${wanted}`);
  }
  const instances = number === AS_FILE_SAYS ? null : Number(number);
  const question = {
    route: "scale",
    name,
    body: { instances, wait: wish.wait, timeout: wish.timeout },
    patience: wish.wait ? wish.patience : null,
  } as const;
  const waiting = { what: "scaling", names: [], place, others: ofTemplate(name) };
  const reply = await waitFor(world, waiting, (signal) => ask(place, { ...question, signal }));
  if (reply === null) return INTERRUPTED;
  if (reply.tag === "refused") {
    for (const problem of reply.problems) world.stderr.write(`${problem}\n`);
    world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  tell(call, name, reply.value);
  return EXIT_OF[reply.value.result];
}

function tell({ given, world }: CommandCall, name: string, answer: ScaleAnswer): void {
  const { result, added, removed, instances, notes } = answer;
  if (given.has("json")) {
    world.stdout.write(`${JSON.stringify(answer)}\n`);
  } else {
    const isNothing = added.length + removed.length === 0;
    const [more, less] = given.has("no-wait") ? ["to be started", "to be stopped"] : ["started", "stopped"];
    const changes = [
      added.length === 0 ? "" : `; ${more}: ${added.join(", ")}`,
      removed.length === 0 ? "" : `; ${less}: ${removed.join(", ")}`,
      isNothing ? ", as before" : "",
    ].join("");
    world.stdout.write(`${onOneLine(name)}: ${countOf(instances.length, "instance")}${changes}\n`);
    const to = result === "done" ? world.stdout : world.stderr;
    for (const line of renderNotes(notes)) to.write(`${line}\n`);
  }
}

/** Its instances that are on their way. */
function ofTemplate(name: string): Concern {
  const beginning = `${name.replace(/@.*$/s, "")}@`;
  return (service) => service.name.startsWith(beginning) && !["up", "done", "down", "failed"].includes(service.state);
}

function refuse({ world }: CommandCall, message: string): number {
  world.stderr.write(`${message}\n`);
  return EXIT.usage;
}
