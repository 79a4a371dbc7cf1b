import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Instant, WallTime } from "../../src/core/units.ts";
import { syslogDatagramOf } from "../../src/log/syslog-datagram-text.ts";
import { openUnixDatagram, type UnixDatagram } from "../../src/os/unix-datagram.ts";
import { devLogObstacle, PrivateDevLog } from "../private-dev-log.ts";
import { DatagramReceiver } from "../datagram-receiver.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "syslog-"));
  path = join(directory, "log");
});

afterEach(() => rmSync(directory, { recursive: true }));

const at = (milliseconds: number): Instant => milliseconds as Instant;
const bytes = new TextEncoder().encode("<30>Nov  2 09:05:07 web[42]: ready");

function opened(where: string): UnixDatagram {
  const result = openUnixDatagram(where);
  if (result.tag === "failed") throw new Error(result.message);
  return result.datagram;
}

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

test("a datagram arrives byte by byte", () => {
  using receiver = new DatagramReceiver(path);
  using datagram = opened(path);
  const odd = new Uint8Array([0, 255, 10]);
  expect(datagram.send(bytes, at(0))).toBe("sent");
  expect(datagram.send(odd, at(0))).toBe("sent");
  expect(receiver.read()).toEqual(bytes);
  expect(receiver.read()).toEqual(odd);
  expect(receiver.read()).toBeNull();
  expect(datagram.problem).toBeNull();
});

test("without a daemon it says so, and tries again once a second at most", () => {
  using datagram = opened(path);
  expect(datagram.send(bytes, at(0))).toBe("gone");
  expect(datagram.problem).toBe(`cannot connect to "${path}": ENOENT`);
  using receiver = new DatagramReceiver(path);
  expect(datagram.send(bytes, at(999))).toBe("gone");
  expect(datagram.send(bytes, at(1000))).toBe("sent");
  expect(datagram.problem).toBeNull();
  expect(receiver.read()).toEqual(bytes);
});

test("a daemon that was restarted gets the very next datagram, if the last attempt is a second ago", () => {
  using datagram = opened(path);
  {
    using _first = new DatagramReceiver(path);
    expect(datagram.send(bytes, at(0))).toBe("sent");
  }
  expect(datagram.send(bytes, at(500))).toBe("gone");
  expect(datagram.problem).toBe(`cannot send to "${path}": ECONNREFUSED`);
  rmSync(path);
  using second = new DatagramReceiver(path);
  expect(datagram.send(bytes, at(1000))).toBe("sent");
  expect(second.read()).toEqual(bytes);
});

test("a daemon that does not read makes it full and not wait, until it reads again", () => {
  using receiver = new DatagramReceiver(path);
  using datagram = opened(path);
  let sent = 0;
  while (sent < 100_000 && datagram.send(bytes, at(0)) === "sent") sent++;
  expect(datagram.send(bytes, at(10_000))).toBe("full");
  let received = 0;
  while (receiver.read() !== null) received++;
  expect(received).toBe(sent);
  expect(datagram.send(bytes, at(10_000))).toBe("sent");
});

test("something else at that path is told apart from a daemon", () => {
  const server = Bun.listen({ unix: path, socket: { data: () => {} } });
  using datagram = opened(path);
  expect(datagram.send(bytes, at(0))).toBe("gone");
  expect(datagram.problem).toBe(`cannot connect to "${path}": EPROTOTYPE`);
  server.stop(true);
});

test("no attempt leaves a descriptor behind", () => {
  const before = openDescriptors();
  const datagram = opened(path);
  for (let second = 0; second < 50; second++) datagram.send(bytes, at(second * 1000));
  expect(openDescriptors()).toBe(before);
  {
    using _receiver = new DatagramReceiver(path);
    datagram.send(bytes, at(50_000));
    expect(datagram.fd).not.toBeNull();
  }
  datagram.close();
  expect(datagram.fd).toBeNull();
  expect(openDescriptors()).toBe(before);
});

test("a path that no socket can have is refused", () => {
  expect(openUnixDatagram(`/${"x".repeat(106)}`).tag).toBe("opened");
  expect(openUnixDatagram(`/${"x".repeat(107)}`)).toMatchObject({ tag: "failed" });
  expect(openUnixDatagram("/a\0b")).toMatchObject({ tag: "failed" });
});

test.skipIf(devLogObstacle !== null)(
  "a real daemon reads our form: facility, severity, tag, pid and text",
  async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    using datagram = opened(devLog.socketPath);
    const entry = {
      facility: "local3",
      severity: "err",
      tag: "web@1.x_y-z",
      pid: 4242,
      at: Date.now() as WallTime,
    } as const;
    expect(datagram.send(syslogDatagramOf({ ...entry, text: "it broke\n<0>really" }), at(0))).toBe("sent");
    expect(await daemon.waitFor(/it broke/)).toMatch(/ local3\.err web@1\.x_y-z\[4242\]: it broke\\n<0>really$/);
  },
);
