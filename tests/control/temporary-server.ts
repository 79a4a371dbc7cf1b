import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPort } from "../../src/control/control-port.ts";
import { type ServeOptions, serveControl } from "../../src/control/server.ts";

/** A control server on a socket in a directory of its own; both are gone at the end of the scope. */
export interface TemporaryServer extends AsyncDisposable {
  readonly directory: string;
  readonly socket: string;
  /** What was reported as a bug. */
  readonly reports: string[];
  /** Sends a request and returns the answer, whatever its status. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export function serveTemporarily(port: ControlPort, changes: Partial<ServeOptions> = {}): TemporaryServer {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-control-"));
  const socket = join(directory, "control.sock");
  const reports: string[] = [];
  const served = serveControl(socket, port, {
    access: "operate",
    group: null,
    capacity: 5_000,
    report: (message) => reports.push(message),
    ...changes,
  });
  if (served.tag === "failed") throw new Error(served.message);
  return {
    directory,
    socket,
    reports,
    fetch: (path, init) => fetch(`http://daemonsup${path}`, { ...init, unix: socket, keepalive: false }),
    close: served.close,
    async [Symbol.asyncDispose]() {
      await served.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until the claim holds; gives up, and throws, after five seconds. */
export async function until(claim: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!claim()) {
    if (performance.now() > deadline) throw new Error(`this did not become true within 5 s: ${claim.toString()}`);
    await Bun.sleep(2);
  }
}

/** Sends bytes as they are and returns all that comes back until the server closes or `isEnough` is satisfied. */
export async function talk(socket: string, bytes: string, isEnough: (text: string) => boolean): Promise<string> {
  const ended = Promise.withResolvers<void>();
  let text = "";
  const connection = await Bun.connect({
    unix: socket,
    socket: {
      open: (peer) => void peer.write(bytes),
      data(_peer, chunk) {
        text += chunk.toString();
        if (isEnough(text)) ended.resolve();
      },
      close: () => ended.resolve(),
      error: () => ended.resolve(),
    },
  });
  await ended.promise;
  connection.terminate();
  return text;
}
