import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPort } from "../../src/control/control-port.ts";
import { type ComingPort, type ServeOptions, type ServeResult, serveControl } from "../../src/control/server.ts";
import { openControlSocket } from "../../src/daemon-control-socket.ts";
import { Estate } from "../../src/daemon-estate.ts";

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

export function serveTemporarily(
  port: ControlPort | ComingPort,
  changes: Partial<ServeOptions> & { readonly group?: number | null } = {},
): TemporaryServer {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-control-"));
  const socket = join(directory, "control.sock");
  const reports: string[] = [];
  const { close } = serveAt(socket, port, { report: (message) => reports.push(message), ...changes });
  return {
    directory,
    socket,
    reports,
    fetch: (path, init) => fetch(`http://daemonsup${path}`, { ...init, unix: socket, keepalive: false }),
    close,
    async [Symbol.asyncDispose]() {
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The same on a socket of this path, which is gone once the server is closed. */
export function serveAt(
  path: string,
  port: ControlPort | ComingPort,
  { group = null, ...changes }: Partial<ServeOptions> & { readonly group?: number | null } = {},
): Pick<Extract<ServeResult, { readonly tag: "serving" }>, "close"> {
  const socket = openControlSocket(path, group, new Estate(new Map()));
  const options: ServeOptions = { access: "operate", capacity: 5_000, report: () => {}, ...changes };
  const served = serveControl(socket.listening, port, options);
  if (served.tag === "failed") throw new Error(served.message);
  return {
    async close() {
      socket.close();
      await served.close();
    },
  };
}

/** Waits until the claim holds; gives up, and throws, after twenty seconds. */
export async function until(claim: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!claim()) {
    if (performance.now() > deadline) throw new Error(`this did not become true within 20 s: ${claim.toString()}`);
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
