import type { CliWorld } from "../../src/cli/world.ts";
import { connectRuntimeSocket } from "../../src/os/runtime-socket.ts";

/** A world made of literals, and what was written in it. */
export interface LiteralWorld extends CliWorld {
  readonly written: { out: string; err: string };
  /** As if the user had pressed Ctrl-C. */
  interrupt(): void;
}

export interface WorldChanges extends Partial<Omit<CliWorld, "stdout" | "stderr">> {
  /** Columns of the terminal that standard output and error are; null: they are none. */
  readonly columns?: number | null;
  /** Its lines. */
  readonly rows?: number | null;
  /** After so many lines nobody reads standard output any more. */
  readonly readsOnly?: number;
}

export function literalWorld({
  columns = null,
  rows = columns === null ? null : 50,
  readsOnly = Number.POSITIVE_INFINITY,
  ...changes
}: WorldChanges = {}): LiteralWorld {
  const written = { out: "", err: "" };
  const listeners = new Set<() => void>();
  const terminal = { isTerminal: columns !== null, columns, rows };
  let lines = 0;
  return {
    written,
    interrupt: () => listeners.forEach((listen) => listen()),
    env: {},
    cwd: "/somewhere",
    uid: 1000,
    invokingUid: 1000,
    host: "host",
    home: "/home/someone",
    version: "1.2.3",
    stdout: {
      ...terminal,
      write(text) {
        for (const line of text.split(/(?<=\n)/)) {
          if (++lines > readsOnly) return false;
          written.out += line;
        }
        return true;
      },
    },
    stderr: {
      ...terminal,
      write(text) {
        written.err += text;
        return true;
      },
    },
    now: () => Date.parse("2026-01-02T03:07:17.000Z"),
    userName: "someone",
    program: "/usr/local/bin/daemonsup",
    openFullScreen: () => Promise.resolve(null),
    run: () => Promise.reject(new Error("nothing is to be run")),
    // Whoever answers does so in this very process, which must not wait for itself.
    connect: (path, bytes) => connectRuntimeSocket({ unix: path }, bytes),
    isLocked: () => false,
    pidIn: () => 4711,
    wake() {},
    readHistory: () => Promise.resolve(null),
    machine: () => ({ userExists: () => true, groupExists: () => true }),
    async *readLogFiles() {},
    start: () => Promise.reject(new Error("nothing is to be started")),
    onInterrupt(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ...changes,
  };
}
