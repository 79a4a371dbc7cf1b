import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { untilTrue } from "./test-supervisor.ts";

/** Where a service listens: as `listen` is written, and as a client connects. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** An address of this machine alone, on which nobody else is likely to listen. */
export function ownAddress(port = 8080): { readonly host: string; readonly port: number; readonly listen: string } {
  const host = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  return { host, port, listen: `${host}:${port}` };
}

/** Connects, says something if there is something to say, and reads to the end. Rejects with what went wrong. */
export async function ask(address: Address, question = ""): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(address);
  socket.setEncoding("utf8");
  if (question !== "") socket.write(question);
  socket.on("data", (text: string) => (answer += text));
  socket.on("error", reject);
  socket.on("close", () => resolve(answer));
  return await promise;
}

/** What went wrong, in a word. */
export async function refusalOf(address: Address): Promise<string> {
  return await ask(address).then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: NodeJS.ErrnoException) => error.code ?? String(error),
  );
}

/** Waits until somebody listens on this Unix socket: its file is there a moment before. */
export async function untilListening(path: string): Promise<string> {
  // Of those that listen the kernel tells so (__SO_ACCEPTCON), which is the fourth column.
  await untilTrue(() =>
    readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .some((line) => line.endsWith(` ${path}`) && line.split(/\s+/)[3] === "00010000"),
  );
  return path;
}

/** How many have connected to this Unix socket, be they taken or not yet. */
export function connectionsTo(path: string): number {
  const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
  return lines.filter((line) => line.endsWith(` ${path}`) && line.split(/\s+/)[3] !== "00010000").length;
}

/** Some clients that connect again and again, without a pause, until they are stopped. */
export class RestlessClients {
  /** What was answered, by how often. */
  readonly answers = new Map<string, number>();
  /** What went wrong: an errno, or an answer that is none. */
  readonly losses: string[] = [];
  readonly #address: Address;
  readonly #question: string;
  readonly #accept: RegExp;
  readonly #over: Promise<unknown>;
  readonly #listeners = new Set<() => void>();
  #isStopped = false;

  /** `accept`: what an answer looks like that has arrived whole. */
  constructor(address: Address, options: { readonly question?: string; readonly accept: RegExp }) {
    this.#address = address;
    this.#question = options.question ?? "";
    this.#accept = options.accept;
    this.#over = Promise.all([this.#run(), this.#run()]);
  }

  get count(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Waits until there are answers that were not there before, or something is lost. */
  async more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listeners.add(resolve);
    await promise;
    this.#listeners.delete(resolve);
  }

  /** Done when every connection has come to its end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#over;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const answer = await ask(this.#address, this.#question);
        if (this.#accept.test(answer)) this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
        else this.losses.push(`answered ${JSON.stringify(answer)}`);
      } catch (error) {
        this.losses.push((error as NodeJS.ErrnoException).code ?? String(error));
      }
      for (const listen of this.#listeners) listen();
    }
  }
}
