/*
 * A supervisor whose clocks can be moved forward, so that what takes a minute or a day can be tested in an instant: it gets
 * an /etc of its own, in a mount namespace, and there an ld.so.preload.
 */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { compileProgram } from "../compile-program.ts";
import { skipReason } from "./loud-skip.ts";
import type { TestPlace, TestSupervisor } from "./test-supervisor.ts";

const library = compileProgram("clock-ahead", "library");
const isRoot = process.getuid?.() === 0;
const UNSHARE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--mount"];

/** null: clocks can be moved here; otherwise why not. */
export const cannotMoveClocks: string | null = skipReason("moving the clock of a supervisor", [
  [library !== null, "there is no C compiler"],
  [Bun.spawnSync([...UNSHARE, "mount", "--bind", "/tmp", "/etc"]).success, "mount namespaces cannot be made"],
]);

/** A supervisor and its clock. */
export interface Clocked extends AsyncDisposable {
  readonly supervisor: TestSupervisor;
  readonly clock: {
    /**
     * By so many seconds, once the supervisor rests: a time to wait that it has worked out by the old time and begins by the new one
     * would be as much too long. It notices when it next wakes up, for example to answer a request.
     */
    advance(seconds: number): Promise<void>;
  };
}

export async function startWithClock(place: TestPlace): Promise<Clocked> {
  const clock = new MovableClock(place);
  const supervisor = await place.start({ wrapper: clock.wrapper });
  return {
    supervisor,
    clock: {
      async advance(seconds) {
        // What follows from what it has told last is done before it answers anything new.
        await supervisor.request("GET", "/v1/version");
        clock.advance(seconds);
      },
    },
    async [Symbol.asyncDispose]() {
      // Its threads wait for each other by the clock: an orderly end would take long.
      supervisor.kill("SIGKILL");
      await supervisor.gone();
      await supervisor[Symbol.asyncDispose]();
    },
  };
}

class MovableClock {
  /** Put in front of the command that starts the supervisor. */
  readonly wrapper: readonly string[];
  readonly #file: string;
  #secondsAhead = 0;

  constructor(place: TestPlace) {
    const etc = place.path("etc");
    mkdirSync(etc, { mode: 0o755 });
    for (const path of ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.cache"])
      if (existsSync(path)) copyFileSync(path, join(etc, basename(path)));
    this.#file = join(etc, "clock-ahead");
    this.advance(0);
    writeFileSync(join(etc, "ld.so.preload"), `${library}\n`);
    this.wrapper = [...UNSHARE, "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc];
  }

  advance(seconds: number): void {
    this.#secondsAhead += seconds;
    const long = new BigInt64Array([BigInt(this.#secondsAhead)]);
    // Not truncated first: the file is mapped.
    writeFileSync(this.#file, new Uint8Array(long.buffer), { flag: existsSync(this.#file) ? "r+" : "w" });
  }
}
