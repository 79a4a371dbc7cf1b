import { afterAll, expect, test } from "bun:test";
import { closeSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveControl } from "../../src/control/server.ts";
import { socketPathProblem } from "../../src/control/socket-file.ts";
import { unlinkStaleSocket } from "../../src/control/stale-socket-file.ts";
import { openControlSocket } from "../../src/daemon-control-socket.ts";
import { Estate } from "../../src/daemon-estate.ts";
import { literalPort } from "./literal-port.ts";
import { serveAt, serveTemporarily } from "./temporary-server.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-socket-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("a path of 107 bytes may be a socket, one of 108 is refused with its length", () => {
  expect(socketPathProblem(`/${"a".repeat(106)}`)).toBeNull();
  expect(socketPathProblem(`/${"a".repeat(107)}`)).toContain("108 bytes, want at most 107");
  expect(socketPathProblem(`/${"ü".repeat(54)}`)).toContain("109 bytes");
});

test("a socket on a path that is too long, taken by a file or nowhere says so", () => {
  expect(() => serveAt(`/${"a".repeat(200)}`, literalPort([]))).toThrow("201 bytes");
  const taken = join(directory, "taken");
  writeFileSync(taken, "precious");
  expect(() => serveAt(taken, literalPort([]))).toThrow(`cannot replace "${taken}": it is not a socket`);
  const nowhere = join(directory, "missing", "control.sock");
  expect(() => serveAt(nowhere, literalPort([]))).toThrow(
    `cannot listen on "${nowhere}": its directory does not exist`,
  );
});

test("who connects to a socket that a predecessor has left waits in it for the next one", async () => {
  const path = join(directory, "left.sock");
  const estate = new Estate(new Map());
  const before = openControlSocket(path, null, estate);
  const left = statSync(path).ino;
  const asking = fetch("http://daemonsup/v1/services", { unix: path, keepalive: false });
  closeSync(before.listening);
  const next = openControlSocket(path, null, new Estate(estate.manifest));
  expect(statSync(path).ino).toBe(left);
  const served = serveControl(next.listening, literalPort([]), { access: "read", capacity: 10, report: () => {} });
  expect(await (await asking).json()).toEqual([]);
  next.close();
  if (served.tag === "serving") await served.close();
  expect(existsSync(path)).toBe(false);
});

test("a socket that was left is of no use where something else has its path", async () => {
  const path = join(directory, "replaced.sock");
  const estate = new Estate(new Map());
  const before = openControlSocket(path, null, estate);
  closeSync(before.listening);
  renameSync(path, `${path}.old`);
  const next = openControlSocket(path, null, new Estate(estate.manifest));
  const served = serveControl(next.listening, literalPort([]), { access: "read", capacity: 10, report: () => {} });
  expect((await fetch("http://daemonsup/v1/services", { unix: path, keepalive: false })).status).toBe(200);
  next.close();
  if (served.tag === "serving") await served.close();
});

test("the socket is its owner's alone, and the umask is as it was", async () => {
  const before = process.umask(0o013);
  try {
    await using server = serveTemporarily(literalPort([]));
    expect(statSync(server.socket).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(0o013);
  } finally {
    process.umask(before);
  }
});

test("a socket for a group is open to that group", async () => {
  const group = process.getgid?.() ?? 0;
  await using server = serveTemporarily(literalPort([]), { group });
  const found = statSync(server.socket);
  expect(found.mode & 0o777).toBe(0o660);
  expect(found.gid).toBe(group);
});

test("a stale socket is removed, and only ever a socket", () => {
  const socket = join(directory, "stale.sock");
  const server = Bun.spawnSync([
    process.execPath,
    "-e",
    `Bun.listen({ unix: ${JSON.stringify(socket)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`,
  ]);
  expect(server.signalCode).toBe("SIGKILL");
  expect(existsSync(socket)).toBe(true);
  expect(unlinkStaleSocket(socket)).toEqual({ tag: "gone" });
  expect(existsSync(socket)).toBe(false);
  expect(unlinkStaleSocket(socket)).toEqual({ tag: "gone" });
  const file = join(directory, "file");
  writeFileSync(file, "precious");
  expect(unlinkStaleSocket(file)).toEqual({ tag: "failed", message: `cannot replace "${file}": it is not a socket` });
  const link = join(directory, "link");
  symlinkSync(file, link);
  expect(unlinkStaleSocket(link).tag).toBe("failed");
  expect(existsSync(file)).toBe(true);
});
