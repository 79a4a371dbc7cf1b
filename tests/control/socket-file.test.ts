import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveControl } from "../../src/control/server.ts";
import { socketPathProblem, unlinkStaleSocket } from "../../src/control/socket-file.ts";
import { literalPort } from "./literal-port.ts";
import { serveTemporarily } from "./temporary-server.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-socket-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("a path of 107 bytes may be a socket, one of 108 is refused with its length", () => {
  expect(socketPathProblem(`/${"a".repeat(106)}`)).toBeNull();
  expect(socketPathProblem(`/${"a".repeat(107)}`)).toContain("108 bytes, want at most 107");
  expect(socketPathProblem(`/${"ü".repeat(54)}`)).toContain("109 bytes");
});

test("a server on a path that is too long is refused, not thrown", () => {
  const result = serveControl(`/${"a".repeat(200)}`, literalPort([]), {
    access: "read",
    group: null,
    capacity: 10,
    report: () => {},
  });
  expect(result).toEqual({ tag: "failed", message: expect.stringContaining("201 bytes") });
});

test("a server on a path that is taken or lies nowhere says so", async () => {
  await using server = serveTemporarily(literalPort([]));
  const options = { access: "read", group: null, capacity: 10, report: () => {} } as const;
  expect(serveControl(server.socket, literalPort([]), options)).toEqual({
    tag: "failed",
    message: `cannot listen on "${server.socket}": EADDRINUSE`,
  });
  const nowhere = join(directory, "missing", "control.sock");
  expect(serveControl(nowhere, literalPort([]), options)).toEqual({
    tag: "failed",
    message: expect.stringContaining("ENOENT"),
  });
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
