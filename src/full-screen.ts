/* The terminal in the hands of one command. Part of the composition root. */
import { writeSync } from "node:fs";
import { constants } from "node:os";
import type { FullScreen, FullScreenListener } from "./cli/world.ts";

// xterm's control sequences: another screen than the one with the user's history, without a cursor.
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const ERASE_REST_OF_LINE = "\u001b[K";
const ERASE_BELOW = "\u001b[J";
/** Between these a terminal that knows them shows nothing half drawn. */
const BEGIN_FRAME = "\u001b[?2026h";
const END_FRAME = "\u001b[?2026l";

/** What ends the command, unless it is asked otherwise. */
const ENDING = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const;

/** Takes the terminal; null if standard input or output is none. */
export function openFullScreen(listener: FullScreenListener): FullScreen | null {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return null;
  let isHeld = false;

  function enter(): void {
    stdin.setRawMode(true);
    writeSync(1, ENTER);
    isHeld = true;
  }
  /** As it was; it may have gone away. */
  function leave(): void {
    if (!isHeld) return;
    isHeld = false;
    try {
      writeSync(1, LEAVE);
      stdin.setRawMode(false);
    } catch {
      // There is nothing left to give back.
    }
  }
  function suspend(): void {
    leave();
    process.kill(process.pid, "SIGSTOP");
  }
  function resume(): void {
    if (!isHeld) enter();
    listener.resized();
  }
  function end(signal: NodeJS.Signals): void {
    leave();
    for (const each of ENDING) process.off(each, end);
    process.kill(process.pid, signal);
    // It may be ignored since before us, as SIGHUP is below nohup.
    process.exit(128 + constants.signals[signal]);
  }
  const hear = (bytes: Buffer): void => listener.input(bytes.toString());

  for (const signal of ENDING) process.on(signal, end);
  process.on("SIGTSTP", suspend);
  process.on("SIGCONT", resume);
  process.on("SIGWINCH", listener.resized);
  process.on("exit", leave);
  stdin.on("data", hear);
  enter();
  return {
    draw: (lines) => {
      const text = lines.map((line) => `${line}${ERASE_REST_OF_LINE}`).join("\r\n");
      if (isHeld) writeSync(1, `${BEGIN_FRAME}${HOME}${text}${ERASE_BELOW}${END_FRAME}`);
    },
    suspend,
    [Symbol.dispose]: () => {
      leave();
      stdin.off("data", hear);
      stdin.pause();
    },
  };
}
