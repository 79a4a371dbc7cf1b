/*
 * What a binary that is built for a test adds to the program: a function that throws once, or kills the process, whenever a file asks for it. The
 * program itself has no such switch.
 */
import { existsSync, readFileSync, unlinkSync } from "node:fs";

/** Throws, or dies, if the file NAME is in the directory, and takes it away. */
export function failIfAsked(directory: string, name: string): void {
  const path = `${directory}/${name}`;
  if (!existsSync(path)) return;
  const how = readFileSync(path, "utf8");
  unlinkSync(path);
  // Long enough for other threads to do what they have been told.
  if (how === "die late") Bun.sleepSync(200);
  if (how !== "throw") process.kill(process.pid, "SIGKILL");
  throw new Error(`made to fail: ${name}`);
}

/** The thread fails over the next message that it is sent. To be called before the thread listens itself. */
export function failThread(directory: string, name: string): void {
  globalThis.addEventListener("message", (event) => {
    try {
      failIfAsked(directory, name);
    } catch (error) {
      event.stopImmediatePropagation();
      throw error;
    }
  });
}

/** The thread fails a moment later, whatever it is doing. */
export function failThreadAnyTime(directory: string, name: string): void {
  setInterval(() => failIfAsked(directory, name), 10);
}

/** The method fails before it has done anything. */
export function failMethod(
  directory: string,
  name: string,
  of: { readonly owner: object; readonly method: string },
): void {
  const methods = of.owner as Record<string, (...words: unknown[]) => unknown>;
  const real = methods[of.method];
  if (real === undefined) throw new Error(`there is no method "${of.method}" to fail`);
  methods[of.method] = function (...words) {
    failIfAsked(directory, name);
    return real.apply(this, words);
  };
}
