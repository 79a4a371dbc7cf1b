import type { Subprocess } from "bun";

/** Nanoseconds of CLOCK_MONOTONIC. */
export type Stamp = number;

export interface Span {
  readonly began: Stamp;
  readonly ended: Stamp;
}

export function millisOf({ began, ended }: Span): number {
  return (ended - began) / 1e6;
}

/**
 * The C program that does what is measured and takes the times, so that nothing of this runtime is in them. It is the
 * floor as well. Each method is one of its requests; each throws if the work did not succeed within a minute.
 */
export class Driver {
  readonly #process: Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  /** `count` services, with their time stamps in `stamps`. */
  constructor(program: string, options: { readonly service: string; readonly stamps: string; readonly count: number }) {
    const { service, stamps, count } = options;
    this.#process = Bun.spawn([program, service, stamps, String(count)], { stdin: "pipe", stdout: "pipe" });
    this.#lines = linesOf(this.#process.stdout);
  }

  /** Starts the floor's services; `first` is the first instruction of the first of them, `ended` that of the last. */
  async fleet(): Promise<Span & { readonly first: Stamp }> {
    const [began, first, ended] = await this.#ask("fleet");
    return { began: numberOf(began), first: numberOf(first), ended: numberOf(ended) };
  }

  async restart(index: number): Promise<Span> {
    return spanOf(await this.#ask("restart", index));
  }

  async hangupFleet(): Promise<Span> {
    return spanOf(await this.#ask("hangup-fleet"));
  }

  async endFleet(): Promise<Span> {
    return spanOf(await this.#ask("end-fleet"));
  }

  async clear(): Promise<void> {
    await this.#ask("clear");
  }

  /** Starts a command and does not wait for it. */
  async launch(words: readonly string[]): Promise<{ readonly began: Stamp; readonly pid: number }> {
    const [began, pid] = await this.#ask("launch", ...words);
    return { began: numberOf(began), pid: numberOf(pid) };
  }

  /** Runs a command to its end. */
  async run(words: readonly string[]): Promise<Span & { readonly status: number }> {
    const answer = await this.#ask("run", ...words);
    return { ...spanOf(answer), status: numberOf(answer[2]) };
  }

  /** Runs a writer and a reader of what it writes; `readerMs`: the processor time of the reader alone. */
  async pipe(writer: readonly string[], reader: readonly string[]): Promise<Span & { readonly readerMs: number }> {
    const answer = await this.#ask("pipe", ...writer, "|", ...reader);
    if (answer[2] !== "0") throw new Error(`cannot run "${reader.join(" ")}": status ${answer[2]}`);
    return { ...spanOf(answer), readerMs: numberOf(answer[3]) / 1e6 };
  }

  /** Waits until every service has started since then. */
  async started(since: Stamp): Promise<{ readonly first: Stamp; readonly last: Stamp }> {
    const [first, last] = await this.#ask("await", since);
    return { first: numberOf(first), last: numberOf(last) };
  }

  /** Kills a supervisor's service and waits until it runs again. */
  async kill(index: number): Promise<Span> {
    return spanOf(await this.#ask("kill", index));
  }

  async hangup(supervisor: number): Promise<Span> {
    return spanOf(await this.#ask("hangup", supervisor));
  }

  /** Has every service write a line, or those that wait for it begin. */
  async speak(): Promise<Stamp> {
    const [began] = await this.#ask("speak");
    return numberOf(began);
  }

  /** Waits until every service has written its last line since then. */
  async ends(since: Stamp): Promise<{ readonly first: Stamp; readonly last: Stamp }> {
    const [first, last] = await this.#ask("await-ends", since);
    return { first: numberOf(first), last: numberOf(last) };
  }

  /** Sends the signal and waits until the process has ended. */
  async end(pid: number, signal: number): Promise<Span> {
    return spanOf(await this.#ask("end", pid, signal));
  }

  /** Waits until the last line of a service that writes a number of them is the end of the file. */
  async lastLine(path: string): Promise<Stamp> {
    const [ended] = await this.#ask("last-line", path);
    return numberOf(ended);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async close(): Promise<void> {
    await this.#process.stdin.end();
    await this.#process.exited;
  }

  async #ask(...words: readonly (string | number)[]): Promise<readonly string[]> {
    await this.#process.stdin.write(`${words.join("\t")}\n`);
    await this.#process.stdin.flush();
    const line = await this.#lines.next();
    const [verdict, ...rest] = line.done === true ? ["failed", "the driver has ended"] : line.value.split("\t");
    if (verdict !== "ok") throw new Error(`cannot do "${words.join(" ").slice(0, 200)}": ${rest.join(" ")}`);
    return rest;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function spanOf([began, ended]: readonly string[]): Span {
  return { began: numberOf(began), ended: numberOf(ended) };
}

function numberOf(word: string | undefined): number {
  if (word === undefined) throw new Error("internal error: the driver answered with too few numbers");
  return Number(word);
}
