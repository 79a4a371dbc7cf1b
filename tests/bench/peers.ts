/*
 * Supervisors of others, where they are installed, each configured as its users configure it: one service a directory with
 * a run script of two lines, or one service a file. None of them captures the output here.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, type Running, SIGNALS, type Task, serviceName } from "./contender.ts";
import { type Driver, millisOf } from "./driver.ts";

/** A kind of peer, not yet at work. */
export interface PeerKind {
  readonly name: string;
  /** The program that must be there. */
  readonly program: string;
  make(task: Task): Contender;
}

interface Ways {
  readonly name: string;
  prepare(task: Task): void;
  words(task: Task): readonly string[];
  /** false: it ends before its services have. */
  readonly waits: boolean;
  readonly endSignal: number;
}

export const PEER_KINDS: readonly PeerKind[] = [
  kindOf("dinit", {
    name: "dinit",
    prepare: writeDinitFiles,
    words: ({ directory }) => [
      "dinit",
      "-u",
      "-q",
      "-d",
      join(directory, "services"),
      "-p",
      join(directory, "socket"),
      "boot",
    ],
    waits: true,
    endSignal: SIGNALS.SIGTERM,
  }),
  kindOf("runsvdir", {
    name: "runit",
    prepare: writeRunScripts,
    words: ({ directory }) => ["runsvdir", join(directory, "services")],
    waits: false,
    endSignal: SIGNALS.SIGHUP,
  }),
  kindOf("s6-svscan", {
    name: "s6",
    prepare: writeRunScripts,
    words: ({ directory, count }) => ["s6-svscan", "-c", String(count + 10), join(directory, "services")],
    waits: true,
    endSignal: SIGNALS.SIGTERM,
  }),
];

function kindOf(program: string, ways: Ways): PeerKind {
  return { name: ways.name, program, make: (task) => new Peer(ways, task) };
}

class Peer implements Contender {
  readonly name: string;
  readonly #ways: Ways;
  readonly #task: Task;

  constructor(ways: Ways, task: Task) {
    this.name = ways.name;
    this.#ways = ways;
    this.#task = task;
  }

  prepare(): void {
    this.#ways.prepare(this.#task);
  }

  async start(driver: Driver): Promise<Running> {
    const [program = "", ...rest] = this.#ways.words(this.#task);
    await driver.clear();
    const { began, pid } = await driver.launch([Bun.which(program) ?? program, ...rest]);
    return { pid, began, ...(await driver.started(began)) };
  }

  async end(driver: Driver, running: Running): Promise<number | null> {
    const span = await driver.end(running.pid, this.#ways.endSignal);
    return this.#ways.waits ? millisOf(span) : null;
  }
}

function writeRunScripts({ directory, program, stamps, count }: Task): void {
  for (let index = 0; index < count; index++) {
    const service = join(directory, "services", serviceName(index));
    mkdirSync(service, { recursive: true });
    writeFileSync(join(service, "run"), `#!/bin/sh\nexec ${program} ${stamps} ${index}\n`, { mode: 0o755 });
  }
}

function writeDinitFiles({ directory, program, stamps, count }: Task): void {
  const services = join(directory, "services");
  mkdirSync(join(services, "boot.d"), { recursive: true });
  writeFileSync(join(services, "boot"), "type = internal\nwaits-for.d: boot.d\n");
  for (let index = 0; index < count; index++) {
    const name = serviceName(index);
    const lines = [
      `command = ${program} ${stamps} ${index}`,
      "restart = true",
      "smooth-recovery = true",
      "restart-delay = 0",
    ];
    writeFileSync(join(services, name), `type = process\n${lines.join("\n")}\n`);
    writeFileSync(join(services, "boot.d", name), "");
  }
}
