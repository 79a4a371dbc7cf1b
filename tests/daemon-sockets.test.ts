/* Sockets of real services over the death of a supervisor: what its successor does with what it inherits. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, fstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Definition } from "../src/core/definition.ts";
import type { SocketPolicy } from "../src/core/life-policies.ts";
import { Estate } from "../src/daemon-estate.ts";
import { makeSocketPort } from "../src/daemon-sockets.ts";
import type { PassedSocket, SocketPort } from "../src/supervisor/held-sockets.ts";
import { literalDefinition } from "./core/literal-definition.ts";

let directory = "";
const open: PassedSocket[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ds-"));
});

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
  rmSync(directory, { recursive: true });
});

function unix(name = "web.sock"): SocketPolicy {
  const listen = { tag: "unix", path: join(directory, name) } as const;
  return { name: "web", listen, backlog: 8, reusePort: false, mode: 0o600, owner: null, group: null, onDemand: false };
}

const service = (name: string, ...sockets: readonly SocketPolicy[]): Definition => literalDefinition({ name, sockets });

function take(port: SocketPort, name: string, policy: SocketPolicy): PassedSocket {
  const opened = port.open(name, policy);
  if (opened.tag === "failed") throw new Error(opened.message);
  open.push(opened.socket);
  return opened.socket;
}

/** What would be left if this process died now. */
function successorOf(estate: Estate): Estate {
  open.splice(0);
  return new Estate(estate.manifest);
}

describe("a supervisor that takes the place of another one", () => {
  test("goes on with the same socket, also where definitions are loaded again, and removes its file at the end", () => {
    const estate = new Estate(new Map());
    const socket = take(makeSocketPort([], estate), "web", unix());
    const inode = fstatSync(socket.fd).ino;
    const port = makeSocketPort([service("web", unix())], successorOf(estate));
    const same = take(port, "web", unix());
    expect(fstatSync(same.fd).ino).toBe(inode);
    expect(same.adjust({ ...unix(), mode: 0o666 })).toBe(null);
    port.closeUnclaimed();
    expect(fstatSync(same.fd).ino).toBe(inode);
    open.splice(0);
    same.close();
    expect(existsSync(join(directory, "web.sock"))).toBe(false);
  });

  test("leaves alone what is at the path of a socket by now", () => {
    const estate = new Estate(new Map());
    const socket = take(makeSocketPort([], estate), "web", unix());
    renameSync(join(directory, "web.sock"), join(directory, "elsewhere"));
    writeFileSync(join(directory, "web.sock"), "");
    const same = take(makeSocketPort([], successorOf(estate)), "web", unix());
    expect(same.fd).toBe(socket.fd);
    open.splice(0);
    same.close();
    expect(existsSync(join(directory, "web.sock"))).toBe(true);
  });

  test("gives each service its own, also after one was handed to another service", () => {
    const estate = new Estate(new Map());
    const port = makeSocketPort([], estate);
    const [one, two] = [take(port, "one", unix("1")), take(port, "two", unix("2"))];
    one.handTo("three");
    const next = makeSocketPort([], successorOf(estate));
    expect([take(next, "two", unix("2")).fd, take(next, "three", unix("1")).fd]).toEqual([two.fd, one.fd]);
  });

  test("closes what no service asks for any more, and its file goes with it", () => {
    const estate = new Estate(new Map());
    take(makeSocketPort([], estate), "web", unix());
    const next = successorOf(estate);
    makeSocketPort([], next).closeUnclaimed();
    expect([existsSync(join(directory, "web.sock")), next.manifest.size]).toEqual([false, 0]);
  });

  test("leaves nothing of what was closed", () => {
    const estate = new Estate(new Map());
    take(makeSocketPort([], estate), "web", unix()).close();
    open.splice(0);
    expect(estate.manifest.size).toBe(0);
  });
});
