import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ListenAddress } from "../../src/core/life-policies.ts";
import {
  type ListenRequest,
  type ListeningSocket,
  adjustListeningSocket,
  closeListeningSocket,
  makeBlocking,
  openListeningSocket,
} from "../../src/os/listening-socket.ts";
import {
  backlogOf,
  flagsOf,
  hasIpv6,
  listenRequest,
  mayShareItsPort,
  opened,
  portOf,
  setNonBlocking,
  tcp,
  tryConnecting,
  withDuplicate,
} from "./socket-kit.ts";
import { isRoot, makeScratch } from "./spawn-kit.ts";

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const held: ListeningSocket[] = [];
let umask: number;
let scratch: ReturnType<typeof makeScratch>;
let path: string;
let unix: ListenAddress;

// As in the daemon: nothing but what it asks for keeps a mode small.
beforeAll(() => void (umask = process.umask(0)));
afterAll(() => void process.umask(umask));

beforeEach(() => {
  scratch = makeScratch();
  path = join(scratch.path, "socket");
  unix = { tag: "unix", path };
});

afterEach(() => {
  for (const socket of held.splice(0)) closeListeningSocket(socket);
  scratch[Symbol.dispose]();
});

function hold(request: ListenRequest): ListeningSocket {
  const socket = opened(request);
  held.push(socket);
  return socket;
}

/** What is said of an address that cannot be had, without "cannot listen on ...". */
function refusalOf(request: ListenRequest): string {
  const result = openListeningSocket(request);
  if (result.tag === "failed") return result.message.replace(/^cannot listen on "[^"]*": /, "");
  held.push(result.socket);
  return "opened";
}

const modeOf = (file: string): string => (lstatSync(file).mode & 0o7777).toString(8);

describe("a TCP socket", () => {
  test("takes connections from the moment it is open, before anybody serves them", () => {
    const { fd } = hold(listenRequest(tcp("127.0.0.1", 0)));
    expect(tryConnecting(tcp("127.0.0.1", portOf(fd)))).toBe("connected");
  });

  test("blocks and is not inherited by chance, as long as nobody passes it on", () => {
    const { fd } = hold(listenRequest(tcp("127.0.0.1", 0)));
    expect(flagsOf(fd) & (O_NONBLOCK | O_CLOEXEC)).toBe(O_CLOEXEC);
  });

  test("blocks again for its next program, whatever the last one made of it", () => {
    const socket = hold(listenRequest(tcp("127.0.0.1", 0)));
    setNonBlocking(socket.fd);
    expect(flagsOf(socket.fd) & O_NONBLOCK).toBe(O_NONBLOCK);
    makeBlocking(socket);
    expect(flagsOf(socket.fd) & O_NONBLOCK).toBe(0);
  });

  test("lets as many connections wait as it was told, and as many as it is told later", () => {
    const request = listenRequest(tcp("127.0.0.1", 0), { backlog: 17 });
    const socket = hold(request);
    expect(backlogOf(socket.fd)).toBe(17);
    expect(adjustListeningSocket(socket, { ...request, backlog: 23 })).toBeNull();
    expect(backlogOf(socket.fd)).toBe(23);
  });

  test("is refused where somebody else listens, and the address is named", () => {
    const port = portOf(hold(listenRequest(tcp("127.0.0.1", 0))).fd);
    expect(openListeningSocket(listenRequest(tcp("127.0.0.1", port)))).toEqual({
      tag: "failed",
      message: `cannot listen on "127.0.0.1:${port}": somebody else listens there (EADDRINUSE)`,
    });
  });

  test("shares its port with others if all of them say so", () => {
    const { fd } = hold(listenRequest(tcp("127.0.0.1", 0), { reusePort: true }));
    const address = tcp("127.0.0.1", portOf(fd));
    expect(mayShareItsPort(fd)).toBe(true);
    expect(refusalOf(listenRequest(address, { reusePort: true }))).toBe("opened");
    expect(refusalOf(listenRequest(address))).toBe("somebody else listens there (EADDRINUSE)");
  });

  test("can be opened again at once, though connections of the last one are not quite over", async () => {
    const first = opened(listenRequest(tcp("127.0.0.1", 0)));
    const port = portOf(first.fd);
    // The side that closes first keeps its end for a minute (TIME_WAIT); here that is the server's.
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
    const ended = Promise.withResolvers<void>();
    await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port ?? 0,
      socket: {
        open: (socket) => void socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        data: () => {},
        close: () => ended.resolve(),
      },
    });
    await ended.promise;
    const used = server.port ?? 0;
    await server.stop(true);
    closeListeningSocket(first);
    expect(refusalOf(listenRequest(tcp("127.0.0.1", port)))).toBe("opened");
    expect(refusalOf(listenRequest(tcp("127.0.0.1", used)))).toBe("opened");
  });

  test("of an address that the machine does not have is refused", () => {
    expect(refusalOf(listenRequest(tcp("192.0.2.1", 0)))).toBe(
      "this machine does not have the address (EADDRNOTAVAIL)",
    );
  });

  test.each(["localhost", "1.2.3", "", "::x"])("of %j, which is no address, is refused", (host) => {
    expect(refusalOf(listenRequest(tcp(host, 0)))).toBe(`got "${host}", want an IPv4 or IPv6 address`);
  });

  test("of an interface that does not exist is refused", () => {
    expect(refusalOf(listenRequest(tcp("fe80::1%none0", 0)))).toBe('there is no network interface "none0"');
  });

  const firstFree = Number(readText("/proc/sys/net/ipv4/ip_unprivileged_port_start"));
  test.skipIf(isRoot || firstFree < 2)("of a port that is root's is refused to others", () => {
    expect(refusalOf(listenRequest(tcp("127.0.0.1", 1)))).toBe("this user may not use port 1 (EACCES)");
  });
});

describe.skipIf(!hasIpv6)("an IPv6 socket", () => {
  test("takes connections, also where the scope of the address is named", () => {
    const { fd } = hold(listenRequest(tcp("::1", 0)));
    expect(tryConnecting(tcp("::1", portOf(fd)))).toBe("connected");
    expect(tryConnecting(tcp("::1%lo", portOf(fd)))).toBe("connected");
  });

  test("for all addresses is for IPv6 alone, and lets one for IPv4 stand beside it", () => {
    const port = portOf(hold(listenRequest(tcp("::", 0))).fd);
    expect(tryConnecting(tcp("::1", port))).toBe("connected");
    expect(tryConnecting(tcp("127.0.0.1", port))).toBe("ECONNREFUSED");
    expect(refusalOf(listenRequest(tcp("0.0.0.0", port)))).toBe("opened");
    expect(tryConnecting(tcp("127.0.0.1", port))).toBe("connected");
  });

  test("is named with brackets where it is refused", () => {
    const port = portOf(hold(listenRequest(tcp("::1", 0))).fd);
    const result = openListeningSocket(listenRequest(tcp("::1", port)));
    expect(result).toMatchObject({ message: expect.stringContaining(`cannot listen on "[::1]:${port}": `) });
  });
});

describe("a UDP socket", () => {
  test("keeps datagrams for whoever serves it", async () => {
    const { fd } = hold(listenRequest({ tag: "udp", host: "127.0.0.1", port: 0 }));
    const client = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: portOf(fd) } });
    client.send("hello");
    client.close();
    // Without a receiver the kernel would have answered, and a second datagram would be refused.
    expect(readText("/proc/self/net/udp")).toMatch(new RegExp(`:${hex(portOf(fd))} .* 00000000:0*[1-9A-F][0-9A-F]* `));
  });

  test("never shares its port by accident", () => {
    const { fd } = hold(listenRequest({ tag: "udp", host: "127.0.0.1", port: 0 }));
    const same: ListenAddress = { tag: "udp", host: "127.0.0.1", port: portOf(fd) };
    expect(refusalOf(listenRequest(same))).toBe("somebody else listens there (EADDRINUSE)");
  });
});

describe("a Unix socket", () => {
  test("has the mode that was asked for, whatever the umask, and takes connections", () => {
    hold(listenRequest(unix, { mode: 0o666 }));
    expect(modeOf(path)).toBe("666");
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(tryConnecting(unix)).toBe("connected");
  });

  test("for datagrams has it too", () => {
    const datagrams: ListenAddress = { tag: "unix-datagram", path };
    hold(listenRequest(datagrams, { mode: 0o620 }));
    expect(modeOf(path)).toBe("620");
    expect(tryConnecting(datagrams)).toBe("connected");
    expect(tryConnecting(unix)).toBe("EPROTOTYPE");
  });

  test.skipIf(!isRoot)("belongs to whom it is given", () => {
    hold(listenRequest(unix, { uid: 65534, gid: 12345, mode: 0o640 }));
    expect(lstatSync(path)).toMatchObject({ uid: 65534, gid: 12345 });
    expect(modeOf(path)).toBe("640");
  });

  test.skipIf(isRoot)("that may not be given away is not opened, and leaves nothing", () => {
    expect(refusalOf(listenRequest(unix, { uid: 0 }))).toBe("EPERM");
    expect(existsSync(path)).toBe(false);
  });

  test("changes its mode while it is open", () => {
    const request = listenRequest(unix, { mode: 0o600 });
    const socket = hold(request);
    expect(adjustListeningSocket(socket, { ...request, mode: 0o666 })).toBeNull();
    expect(modeOf(path)).toBe("666");
  });

  test("gives its mode to nothing that was put in its place", () => {
    const request = listenRequest(unix, { mode: 0o600 });
    const socket = hold(request);
    rmSync(path);
    const other = join(scratch.path, "other");
    writeFileSync(other, "", { mode: 0o600 });
    symlinkSync(other, path);
    const message = `cannot change "${path}": somebody else has put something in its place`;
    expect(adjustListeningSocket(socket, { ...request, mode: 0o666 })).toBe(message);
    rmSync(path);
    writeFileSync(path, "", { mode: 0o600 });
    expect(adjustListeningSocket(socket, { ...request, mode: 0o666 })).toBe(message);
    expect([modeOf(other), modeOf(path)]).toEqual(["600", "600"]);
  });

  test("takes the place of one that nobody listens on any more", () => {
    const dead = hold(listenRequest(unix));
    held.pop();
    // As when a process is killed: the file stays.
    closeListeningSocket({ fd: dead.fd, file: null });
    expect(tryConnecting(unix)).toBe("ECONNREFUSED");
    hold(listenRequest(unix));
    expect(tryConnecting(unix)).toBe("connected");
  });

  test.each(["unix", "unix-datagram"] as const)("does not take the place of a %s socket that is served", (tag) => {
    const served: ListenAddress = { tag, path };
    hold(listenRequest(served));
    const inode = lstatSync(path).ino;
    expect(refusalOf(listenRequest(unix))).toBe("somebody else listens there (EADDRINUSE)");
    expect(refusalOf(listenRequest({ tag: "unix-datagram", path }))).toBe("somebody else listens there (EADDRINUSE)");
    expect(lstatSync(path).ino).toBe(inode);
    expect(tryConnecting(served)).toBe("connected");
  });

  test("whose queue is full counts as served", () => {
    hold(listenRequest(unix, { backlog: 0 }));
    expect(tryConnecting(unix)).toBe("connected");
    expect(refusalOf(listenRequest(unix))).toBe("somebody else listens there (EADDRINUSE)");
  });

  test("takes the place of nothing that is no socket", () => {
    writeFileSync(path, "precious");
    const refusal = "there is something else of that name, want a socket or nothing";
    expect(refusalOf(listenRequest(unix))).toBe(refusal);
    expect(readText(path)).toBe("precious");
    rmSync(path);
    symlinkSync(join(scratch.path, "nowhere"), path);
    expect(refusalOf(listenRequest(unix))).toBe(refusal);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  test("without a directory is refused, and so is one whose path is too long", () => {
    expect(refusalOf(listenRequest({ tag: "unix", path: join(scratch.path, "none", "socket") }))).toBe(
      "its directory does not exist",
    );
    expect(refusalOf(listenRequest({ tag: "unix", path: `/${"x".repeat(107)}` }))).toBe(
      "the path has 108 bytes, want at most 107",
    );
    expect(refusalOf(listenRequest({ tag: "unix", path: "/a\0b" }))).toBe("the path holds a NUL");
  });

  test("takes its file with it when it is closed, but nobody else's", () => {
    closeListeningSocket(opened(listenRequest(unix)));
    expect(readdirSync(scratch.path)).toEqual([]);
    const socket = opened(listenRequest(unix));
    rmSync(path);
    writeFileSync(path, "precious");
    closeListeningSocket(socket);
    expect(readText(path)).toBe("precious");
  });
});

test("who connects is refused once it is closed, though somebody else has it still, and it can be opened again", () => {
  const socket = opened(listenRequest(tcp("127.0.0.1", 0)));
  const address = tcp("127.0.0.1", portOf(socket.fd));
  withDuplicate(socket.fd, () => {
    closeListeningSocket(socket);
    expect(tryConnecting(address)).toBe("ECONNREFUSED");
    expect(tryConnecting(tcp("127.0.0.1", portOf(hold(listenRequest(address)).fd)))).toBe("connected");
  });
  const local = opened(listenRequest(unix));
  withDuplicate(local.fd, () => {
    closeListeningSocket({ ...local, file: null });
    expect(tryConnecting(unix)).toBe("ECONNREFUSED");
  });
});

test("no refusal leaves a descriptor or a file behind", () => {
  const taken = portOf(hold(listenRequest(tcp("127.0.0.1", 0))).fd);
  const served: ListenAddress = { tag: "unix", path: join(scratch.path, "served") };
  hold(listenRequest(served));
  const before = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 20; round++) {
    expect(refusalOf(listenRequest(tcp("127.0.0.1", taken)))).not.toBe("opened");
    expect(refusalOf(listenRequest(tcp("192.0.2.1", 0)))).not.toBe("opened");
    expect(refusalOf(listenRequest(served))).not.toBe("opened");
    expect(refusalOf(listenRequest({ tag: "unix", path: join(scratch.path, "none", "socket") }))).not.toBe("opened");
  }
  expect(readdirSync("/proc/self/fd").length).toBe(before);
  expect(readdirSync(scratch.path)).toEqual(["served"]);
});

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

function readText(file: string): string {
  return readFileSync(file, "utf8");
}
