/* The books that the services keep themselves. */
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { hasEnded, untilTrue } from "../scenarios/test-supervisor.ts";
import { LogTail } from "./log-tail.ts";
import { type Note, parseNote } from "./note.ts";

/** Lines of one stream of a run, as its writer knows it. */
export interface Lines {
  readonly service: string;
  readonly invocation: string;
  readonly stream: "o" | "e";
  readonly begun: number;
  /** As many, or one less while one is being written. */
  readonly written: number;
}

export class Books {
  readonly directory: string;
  readonly #tails = new Map<string, LogTail>();

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { mode: 0o755 });
    for (const name of ["lives", "lines", "locks"]) mkdirSync(join(directory, name), { mode: 0o755 });
    writeFileSync(join(directory, "control"), new Uint8Array(4096));
    chmodSync(join(directory, "control"), 0o644);
  }

  /** While it is quiet, nobody writes lines or ends by itself. */
  setQuiet(isQuiet: boolean): void {
    const fd = openSync(join(this.directory, "control"), "r+");
    writeSync(fd, new Uint8Array([isQuiet ? 1 : 0]), 0, 1, 0);
    closeSync(fd);
  }

  /** What must never happen, and has. */
  violations(): readonly string[] {
    return textOf(join(this.directory, "violations"))
      .split("\n")
      .filter((line) => line !== "");
  }

  /** What the service has noted since it was asked the last time. */
  notes(service: string): readonly Note[] {
    const path = join(this.directory, "lives", service);
    const tail = this.#tails.get(service) ?? new LogTail(path);
    this.#tails.set(service, tail);
    const notes: Note[] = [];
    tail.read((line) => notes.push(parseNote(line)));
    return notes;
  }

  /** Waits until this process of the service has noted that it ends its pings, or has ended. */
  async mute(service: string, pid: number): Promise<void> {
    const note = new RegExp(`^note ${pid} .* mute$`, "m");
    await untilTrue(() => hasEnded(pid) || note.test(textOf(join(this.directory, "lives", service))));
  }

  /** The lines of all runs that are not forgotten. */
  lines(): readonly Lines[] {
    return readdirSync(join(this.directory, "lines")).flatMap((name) => {
      const bytes = readFileSync(join(this.directory, "lines", name));
      // It was made this moment.
      if (bytes.length < 32) return [];
      const [service = "", invocation = ""] = name.split(":");
      const lines = (stream: "o" | "e", at: number): Lines => {
        const [begun, written] = [bytes.readBigUInt64LE(at), bytes.readBigUInt64LE(at + 8)].map(Number);
        return { service, invocation, stream, begun: begun ?? 0, written: written ?? 0 };
      };
      return [lines("o", 0), lines("e", 16)];
    });
  }

  /** That run has ended, and all its lines were found. */
  forget(service: string, invocation: string): void {
    rmSync(join(this.directory, "lines", `${service}:${invocation}`), { force: true });
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
