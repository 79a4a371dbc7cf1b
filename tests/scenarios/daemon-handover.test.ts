/* The daemon begins while the launcher still reads the definitions, and waits for them. */
import { expect, test } from "bun:test";
import { closeSync, existsSync, readdirSync, writeSync } from "node:fs";
import { millis } from "../../src/core/units.ts";
import { fillMemoryFile, makeMemoryFile } from "../../src/os/memory-file.ts";
import { openBlockingPipe } from "../../src/os/pipe-io.ts";
import { ROLE_VARIABLE, type SupervisorRole } from "../../src/role.ts";
import { program } from "./definitions.ts";
import { BINARY, TestPlace } from "./test-supervisor.ts";

test("a daemon whose launcher refuses the definitions is gone when the launcher is", async () => {
  using place = new TestPlace({ "bad.toml": "command = 1\n" });
  expect(await place.launch()).toMatchObject({ code: 6, stdout: "" });
  const left = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && place.isSupervisor(Number(entry)));
  expect(left).toEqual([]);
  expect(existsSync(place.runtime)).toBe(false);
});

test("a daemon whose launcher dies before it has read everything ends without a trace", async () => {
  using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
  using waiting = new WaitingDaemon(place);
  waiting.letGo();
  expect(await waiting.ended()).toEqual({ code: 6, said: "" });
  expect(existsSync(place.runtime)).toBe(false);
});

test("half a configuration is never used", async () => {
  using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
  using waiting = new WaitingDaemon(place);
  fillMemoryFile(waiting.configuration, '{"tag":"loaded","definitions":[');
  waiting.letGo();
  expect(await waiting.ended()).toEqual({ code: 6, said: "" });
});

test("a daemon that is told to go on with something that is no configuration says so", async () => {
  using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
  using waiting = new WaitingDaemon(place);
  fillMemoryFile(waiting.configuration, '{"tag":"rejected","problems":[]}');
  waiting.goOn();
  const { code, said } = await waiting.ended();
  expect(code).toBe(1);
  expect(said).toContain("internal error: the launcher handed over a configuration that it refused");
  expect(existsSync(place.runtime)).toBe(false);
});

/** The process that the launcher starts first, with this test in the launcher's place. */
class WaitingDaemon implements Disposable {
  readonly configuration = makeMemoryFile("configuration");
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;
  #pipe: number | null;

  constructor(place: TestPlace) {
    const opened = openBlockingPipe();
    if (opened.tag === "failed") throw new Error(opened.errno);
    this.#pipe = opened.ends.write;
    const role: SupervisorRole = {
      tag: "supervisor",
      options: optionsFor(place),
      directories: { runtime: place.runtime, state: place.path("state"), log: place.path("log") },
      invokingUid: process.getuid?.() ?? 0,
      handover: { configuration: 4, complete: 3, readyPipe: 2 },
      signalPipe: null,
      endsOnHangup: false,
      estate: null,
      guardian: null,
      record: "use",
      oomScore: null,
      before: null,
      upgrade: null,
      program: BINARY,
    };
    this.#child = Bun.spawn([BINARY], {
      stdio: ["ignore", "ignore", "pipe", opened.ends.read, this.configuration],
      env: { [ROLE_VARIABLE]: JSON.stringify(role) },
    });
    closeSync(opened.ends.read);
  }

  goOn(): void {
    if (this.#pipe !== null) writeSync(this.#pipe, "!");
    this.letGo();
  }

  letGo(): void {
    if (this.#pipe !== null) closeSync(this.#pipe);
    this.#pipe = null;
  }

  async ended(): Promise<{ readonly code: number; readonly said: string }> {
    const said = await new Response(this.#child.stderr).text();
    return { code: await this.#child.exited, said };
  }

  [Symbol.dispose](): void {
    this.letGo();
    closeSync(this.configuration);
    this.#child.kill("SIGKILL");
  }
}

function optionsFor(place: TestPlace): SupervisorRole["options"] {
  return {
    config: place.config,
    configAsWritten: place.config,
    foreground: false,
    readyTimeout: millis(10_000),
    stopTimeout: null,
    strict: false,
    allowEmpty: false,
    guardian: false,
    name: null,
    runtimeDir: place.runtime,
    stateDir: place.path("state"),
    logDir: place.path("log"),
  };
}
