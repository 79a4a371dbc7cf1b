/* A real terminal emulator without a screen: tmux, on a server of its own that ends with the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipReason } from "./loud-skip.ts";
import { run } from "./test-supervisor.ts";

/** Why there can be no terminal here, or null; says so on standard error. */
export function noTerminal(what: string): string | null {
  return skipReason(what, [[Bun.which("tmux") !== null, "there is no tmux; apt-get install tmux"]]);
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string>>;
}

export class Terminal implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "ds-term-"));

  /** Opens a terminal in which a shell waits. */
  static async open({ columns, rows, env }: TerminalOptions): Promise<Terminal> {
    const terminal = new Terminal();
    const settings = Object.entries({ PS1: "$ ", LANG: "C.UTF-8", ...env }).flatMap(([key, value]) => [
      "-e",
      `${key}=${value}`,
    ]);
    const size = ["-x", String(columns), "-y", String(rows)];
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", ...size, ...settings, "/bin/sh");
    return terminal;
  }

  /** Types a line and Enter. */
  async type(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", line);
    await this.key("Enter");
  }

  /** Presses a key: "Enter", "C-c", "q". */
  async key(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What can be read now, without the empty lines at the end. */
  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd();
  }

  /** Waits until what can be read is accepted. */
  async until(accept: (screen: string) => boolean): Promise<string> {
    for (;;) {
      const screen = await this.screen();
      if (accept(screen)) return screen;
      // Nothing tells from outside when a terminal has been written to.
      await Bun.sleep(20);
    }
  }

  /** true while the cursor can be seen. */
  async isCursorShown(): Promise<boolean> {
    return (await this.#tmux("display-message", "-p", "#{cursor_flag}")).trim() === "1";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #tmux(...words: readonly string[]): Promise<string> {
    // An empty TMUX: whoever runs the tests may be in a tmux himself.
    const { stdout } = await run(["tmux", "-S", join(this.#directory, "socket"), ...words], { TMUX: "" });
    return stdout;
  }
}
