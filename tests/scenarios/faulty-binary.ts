/*
 * The binary, built once more from the same sources, with threads and methods that throw when a test asks for it: what a bug
 * of ours would do. Everything else of it is the program.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CLOSED, ENTRY_POINTS, FLAGS } from "../../tools/build-binary.ts";
import { BINARY, type SupervisorOptions, type TestPlace, TestSupervisor, run, untilTrue } from "./test-supervisor.ts";

const PROJECT = join(import.meta.dir, "../..");
const HELPER = join(import.meta.dir, "../programs/made-to-fail.ts");

/** Something that throws: by name, the file in src, its class, and the method; in the main thread if no Worker is named. */
export type FailingMethods = Readonly<
  Record<string, readonly [file: string, owner: string, method: string, worker?: string]>
>;

export class FaultyBinary implements Disposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async build(methods: FailingMethods): Promise<FaultyBinary> {
    const directory = mkdtempSync(join(tmpdir(), "daemonsup-faulty-"));
    const binary = new FaultyBinary(directory);
    mkdirSync(join(directory, "asked"));
    const entries = ENTRY_POINTS.map((entry) => binary.#writeEntry(entry, methods));
    const words = ["build", ...FLAGS, ...CLOSED, ...entries, "--outfile", join(directory, "daemonsup")];
    const built = await run([process.execPath, ...words], { BUN_BE_BUN: "1" });
    if (built.code !== 0) throw new Error(`cannot build a faulty binary: ${built.stdout}${built.stderr}`);
    return binary;
  }

  /** From now on what has the name fails, once. "die": its process is killed there; "die late": a moment after. */
  ask(name: string, how: "throw" | "die" | "die late" = "throw"): void {
    const file = join(this.#directory, "asked", name);
    // Whole at once: who finds the file reads it.
    writeFileSync(`${file}.draft`, how, { mode: 0o666 });
    renameSync(`${file}.draft`, file);
  }

  /** Waits until it has. */
  async failed(name: string): Promise<void> {
    await untilTrue(() => !existsSync(join(this.#directory, "asked", name)));
  }

  /** Starts it in the place. */
  async start(place: TestPlace, options: SupervisorOptions = {}): Promise<TestSupervisor> {
    const words = place
      .startWords(options)
      .map((word) => (word === BINARY ? join(this.#directory, "daemonsup") : word));
    const started = await run(words);
    if (started.code !== 0) throw new Error(`the supervisor did not start: ${started.stdout}${started.stderr}`);
    return await TestSupervisor.connect(place);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Returns the file that takes the place of the entry point: it has to have its name. */
  #writeEntry(entry: string, methods: FailingMethods): string {
    const asked = JSON.stringify(join(this.#directory, "asked"));
    const real = JSON.stringify(join(PROJECT, entry));
    const name = basename(entry, ".ts");
    const here = Object.entries(methods).filter(([, [, , , worker = "main"]]) => worker === name);
    const body = [
      ...here.map((method, index) => importOf(method, index, asked)),
      ...(name === "main" ? [] : [`${howToFail(name)}(${asked}, ${JSON.stringify(name)});`]),
      `await import(${real});`,
    ];
    const file = join(this.#directory, `${name}.ts`);
    writeFileSync(
      file,
      [`import { failThread, failThreadAnyTime, failMethod } from ${JSON.stringify(HELPER)};`, ...body].join("\n"),
    );
    return file;
  }
}

/** The relay gets its work over a channel, not by messages. */
function howToFail(worker: string): string {
  return worker === "relay-worker" ? "failThreadAnyTime" : "failThread";
}

function importOf(
  [name, [file, owner, method]]: [string, FailingMethods[string]],
  index: number,
  asked: string,
): string {
  const [path, label] = [JSON.stringify(join(PROJECT, "src", file)), JSON.stringify(name)];
  return [
    `import { ${owner} as owner${index} } from ${path};`,
    `failMethod(${asked}, ${label}, { owner: owner${index}.prototype, method: ${JSON.stringify(method)} });`,
  ].join("\n");
}
