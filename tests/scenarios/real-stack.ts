/* The stack that docs/real-stack.md shows: its files are taken from that page and run in a temporary directory. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventView, PublicState } from "../../src/core/service-view.ts";
import { findPostgres, isInstalled } from "../../tools/debian-programs.ts";
import { chanceLoopbackAddress } from "./loopback-address.ts";
import { skipReason } from "./loud-skip.ts";
import { TestPlace, type TestSupervisor, signalProcess } from "./test-supervisor.ts";

const PAGE = join(import.meta.dir, "../../docs/real-stack.md");
const README = join(import.meta.dir, "../../README.md");
const isRoot = process.getuid?.() === 0;
const postgres = findPostgres();

/** true: something that the stack is made of is not installed here. */
export const needsRealStack: boolean =
  skipReason("the real stack", [
    [postgres !== null, "PostgreSQL is not installed (postgresql)"],
    [isInstalled("redis-server"), "Redis is not installed (redis-server)"],
    [isInstalled("nginx"), "nginx is not installed (nginx)"],
    [!isRoot || hasUsers("postgres", "redis", "www-data"), "a user of Debian's packages is missing"],
  ]) !== null;

/** The files of the page, by name, as they stand there. */
export function documentedFiles(): Readonly<Record<string, string>> {
  const blocks = readFileSync(PAGE, "utf8").matchAll(/^`services\.d\/([\w.-]+)`\n\n```\w+\n(.*?)^```$/gms);
  return Object.fromEntries(Array.from(blocks, ([, name = "", text = ""]) => [name, text]));
}

/** What the tour of README.md shows of these files, by name: some lines of each, blank ones left out. */
export function shownLines(): Readonly<Record<string, readonly string[]>> {
  const tour = readFileSync(README, "utf8").split("### Five more: a stack\n")[1]?.split("\n    $ ")[0] ?? "";
  const blocks = tour.matchAll(/^ {4}# services\.d\/([\w.-]+)\n((?: {4}.+\n)+)/gm);
  return Object.fromEntries(
    Array.from(blocks, ([, name = "", text = ""]) => [
      name,
      text
        .trimEnd()
        .split("\n")
        .map((line) => line.slice(4)),
    ]),
  );
}

/** The stack, running. Requests go through nginx. */
export class RealStack implements AsyncDisposable {
  readonly supervisor: TestSupervisor;
  readonly #site: string;

  private constructor(supervisor: TestSupervisor, site: string) {
    this.supervisor = supervisor;
    this.#site = site;
  }

  /** Starts everything from nothing; returns when all of it is up. */
  static async start(): Promise<RealStack> {
    const place = new TestPlace({});
    const address = chanceLoopbackAddress();
    settle(place, address);
    try {
      const stack = new RealStack(await place.start({ args: ["--strict"] }), `http://${address}:8000`);
      await stack.entered("proxy", "up", 0);
      return stack;
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  /** Asks for an order once. */
  async tryOrder(): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.#site}/order`, { method: "POST", keepalive: false });
    return { status: response.status, text: await response.text() };
  }

  /** The number of an order. The application may need some requests to notice that its connections have ended. */
  async order(): Promise<number> {
    for (;;) {
      const { status, text } = await this.tryOrder();
      if (status === 200) return Number(/^order (\d+)/.exec(text)?.[1]);
      await Bun.sleep(5);
    }
  }

  /** The number of the last event so far. */
  get now(): number {
    return this.supervisor.events.at(-1)?.number ?? 0;
  }

  /** Waits until the service enters the state, at any time after the event of that number. */
  async entered(service: string, state: PublicState, after: number): Promise<EventView> {
    return await this.supervisor.event(
      (event) => event.number > after && event.service === service && event.event === "state" && event.state === state,
    );
  }

  /** The states entered since the event of that number, as "service state", in order. */
  statesSince(after: number): readonly string[] {
    return this.supervisor.events
      .filter((event) => event.number > after && event.event === "state")
      .map((event) => `${event.service} ${event.state}`);
  }

  async pids(): Promise<Readonly<Record<string, number | null>>> {
    return Object.fromEntries((await this.supervisor.services()).map(({ name, pid }) => [name, pid]));
  }

  /** Kills the main processes of these at once. */
  async kill(...services: readonly string[]): Promise<void> {
    const pids = await this.pids();
    for (const service of services) signalProcess(pids[service], "SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]();
  }
}

/** Puts the files of the page into the place, adapted to it. */
export function settle(place: TestPlace, address: string): void {
  // The services' own users have to come in.
  chmodSync(place.directory, 0o755);
  writeFileSync(place.path("password"), "not a secret\n", { mode: 0o600 });
  for (const [name, text] of Object.entries(documentedFiles())) {
    const mark = name === "daemonsup.toml" ? `TEST_MARK = "${place.mark}"\n` : "";
    writeFileSync(join(place.config, name), adapted(text, place, address) + mark, { mode: 0o644 });
  }
}

function adapted(text: string, place: TestPlace, address: string): string {
  const here = text
    .replaceAll("/srv/shop", place.directory)
    .replaceAll("/usr/lib/postgresql/15/bin", postgres ?? "")
    .replaceAll("127.0.0.1", address)
    // Nothing here has to outlive the machine, and its disk may be busy.
    .replace("/initdb ", "/initdb --no-sync ")
    .replace('/postgres", ', '/postgres", "-F", ');
  // What the page says of ordinary users.
  return isRoot ? here : here.replace(/^(user|groups) = .*\n/gm, "").replace(/ -o \w+/g, "");
}

function hasUsers(...names: readonly string[]): boolean {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":")[0]);
  return names.every((name) => users.includes(name));
}
