import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotifyPlace, type NotifySocket } from "../../src/os/notify-place.ts";
import { NotifyReceiver, type ReceiveResult } from "../../src/os/notify-socket.ts";
import { compileProgram } from "../compile-program.ts";
import { skipReason } from "../scenarios/loud-skip.ts";

const notifier = compileProgram("notifier");
const isRoot = process.getuid?.() === 0;
const missing = skipReason("sockets for notifications", [[notifier !== null, "there is no C compiler"]]);
const notAsRoot = skipReason("notifications of other users", [
  [notifier !== null, "there is no C compiler"],
  [isRoot, "the tests do not run as root"],
]);

let directory: string;
let place: NotifyPlace;
let socket: NotifySocket;
const receiver = new NotifyReceiver();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "notify-"));
  place = new NotifyPlace(directory, false);
  socket = opened(place);
});

afterEach(() => {
  place.close(socket);
  rmSync(directory, { recursive: true });
});

function opened(where: NotifyPlace): NotifySocket {
  const result = where.open();
  if (typeof result === "string") throw new Error(result);
  return result;
}

/** Runs the notifier until it ends; its pid. */
function notify(...words: readonly string[]): number {
  return notifyAt(socket.address, words);
}

function notifyAt(address: string, words: readonly string[]): number {
  const run = Bun.spawnSync([notifier ?? "", ...words], { env: { NOTIFY_SOCKET: address }, stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(run.stderr.toString());
  return run.pid;
}

function receive(): ReceiveResult {
  const result = receiver.receive(socket.fd);
  receiver.dismiss(socket.fd);
  return result;
}

function textOf(result: ReceiveResult): string {
  return result.tag === "received" ? Buffer.from(result.bytes).toString() : result.tag;
}

/** Memory files of the notifier that this process holds. */
function heldFiles(): number {
  return readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).startsWith("/memfd:stored")).length;
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was that of the listing.
    return "";
  }
}

describe.skipIf(missing !== null)("a socket for notifications", () => {
  test("gives each datagram whole and in order, with the number and user of a sender that has ended", () => {
    const pid = notify("say=READY=1|STATUS=a", "say=X=1");
    expect(receive()).toEqual({
      tag: "received",
      sender: { pid, uid: process.getuid?.() ?? 0 },
      bytes: new TextEncoder().encode("READY=1\nSTATUS=a"),
      descriptors: [],
    });
    expect(textOf(receive())).toBe("X=1");
    expect(receive()).toEqual({ tag: "empty" });
  });

  test("gives the descriptors that came along, which no child inherits", () => {
    notify("memory=one", "memory=two", "say=FDSTORE=1");
    const received = receive();
    if (received.tag !== "received") throw new Error(received.tag);
    expect(heldFiles()).toBe(2);
    expect(received.descriptors.map((fd) => readFileSync(`/proc/self/fd/${fd}`, "utf8"))).toEqual(["one", "two"]);
    for (const fd of received.descriptors) {
      expect(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")).toMatch(/^flags:\s+02\d{6}$/m);
      closeSync(fd);
    }
  });

  test("takes 253 descriptors at once", () => {
    notify(...Array.from({ length: 253 }, (_, index) => `memory=${index}`), "say=FDSTORE=1");
    const received = receive();
    if (received.tag !== "received") throw new Error(received.tag);
    expect(new Set(received.descriptors).size).toBe(253);
    for (const fd of received.descriptors) closeSync(fd);
  });

  test("gives the same again until it is dismissed, with what came along", () => {
    notify("memory=one", "say=FDSTORE=1");
    notify("say=X=1");
    for (const time of [1, 2]) {
      const received = receiver.receive(socket.fd);
      if (received.tag !== "received") throw new Error(`${time}: ${received.tag}`);
      expect(received.descriptors.map((fd) => readFileSync(`/proc/self/fd/${fd}`, "utf8"))).toEqual(["one"]);
      for (const fd of received.descriptors) closeSync(fd);
    }
    receiver.dismiss(socket.fd);
    expect([textOf(receive()), textOf(receive()), heldFiles()]).toEqual(["X=1", "empty", 0]);
  });

  test("says so when a datagram is too long, and keeps nothing of it", () => {
    const pid = notify("memory=x", `say=STATUS=${"x".repeat(5000)}`, `say=STATUS=${"x".repeat(4089)}`);
    expect(receive()).toEqual({ tag: "cut", sender: { pid, uid: process.getuid?.() ?? 0 }, what: "text" });
    expect(textOf(receive())).toHaveLength(4096);
    expect(heldFiles()).toBe(0);
  });

  test("is gone from its directory when it is closed, and each has an address of its own", () => {
    const another = opened(place);
    expect(another.address).not.toBe(socket.address);
    expect(existsSync(another.address)).toBe(true);
    place.close(another);
    expect(existsSync(another.address)).toBe(false);
    expect(existsSync(socket.address)).toBe(true);
  });

  test("is for this user alone unless others are to be heard", () => {
    expect(statSync(socket.address).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "notify")).mode & 0o777).toBe(0o700);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  test("says how much too long its path is", () => {
    const deep = join(directory, "d".repeat(110 - directory.length));
    mkdirSync(deep);
    expect(new NotifyPlace(deep, false).open()).toMatch(
      /^cannot make ".*\/notify\/[0-9a-f]{4}1": its path is 17 bytes too long/,
    );
  });

  test("says why there is none where its directory cannot be made", () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    expect(new NotifyPlace(file, false).open()).toBe(`cannot make a socket in "${file}": ENOTDIR`);
  });

  test("removes what a dead predecessor has left, but for what it goes on with", () => {
    const lost = opened(place);
    const next = new NotifyPlace(directory, false);
    next.adopt(socket);
    const first = opened(next);
    expect([existsSync(lost.address), existsSync(socket.address)]).toEqual([false, true]);
    notify("say=READY=1");
    expect(receive()).toMatchObject({ tag: "received" });
    next.close(first);
    place.close(lost);
  });

  test("is made anew at the address of one that is lost", () => {
    const lost = opened(place);
    closeSync(lost.fd);
    const next = new NotifyPlace(directory, false);
    const again = next.reopen(lost.address);
    if (typeof again === "string") throw new Error(again);
    const pid = notifyAt(lost.address, ["say=READY=1"]);
    expect(receiver.receive(again.fd)).toMatchObject({ tag: "received", sender: { pid } });
    next.close(again);
  });
});

describe.skipIf(notAsRoot !== null)("a socket for the notifications of all users", () => {
  test("has a path that everybody may pass to and nobody may list", () => {
    chmodSync(directory, 0o755);
    const runtime = join(directory, "run");
    mkdirSync(runtime, { mode: 0o700 });
    const open = new NotifyPlace(runtime, true);
    const shared = opened(open);
    expect(shared.address).toStartWith(`${join(runtime, "notify")}/`);
    expect([runtime, join(runtime, "notify")].map((path) => statSync(path).mode & 0o777)).toEqual([0o711, 0o711]);
    notifyAt(shared.address, ["other=READY=1"]);
    expect(receiver.receive(shared.fd)).toMatchObject({ tag: "received", sender: { uid: 65534 } });
    open.close(shared);
  });

  test("has an abstract name where a directory above is closed to others", () => {
    const runtime = join(directory, "run");
    mkdirSync(runtime, { mode: 0o700 });
    const open = new NotifyPlace(runtime, true);
    const abstract = opened(open);
    expect(abstract.address).toMatch(/^@daemonsup-[0-9a-f]{16}\/1$/);
    expect(statSync(runtime).mode & 0o777).toBe(0o700);
    notifyAt(abstract.address, ["other=READY=1"]);
    expect(receiver.receive(abstract.fd)).toMatchObject({ tag: "received", sender: { uid: 65534 } });
    open.close(abstract);
  });
});
