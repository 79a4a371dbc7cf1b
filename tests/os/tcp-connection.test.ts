import { describe, expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { EpollWaiter, addToEpoll, openEpoll } from "../../src/os/epoll.ts";
import { readPipe } from "../../src/os/pipe-io.ts";
import { connectTcp, sendFirst, takeConnectError } from "../../src/os/tcp-connection.ts";
import { until } from "./spawn-kit.ts";
import { closedPort, listenLocally } from "../supervisor/local-listener.ts";

/** Waits until the descriptor is readable, while the other end, which is in this process, goes on. */
async function waitFor(fd: number): Promise<void> {
  const epoll = openEpoll();
  addToEpoll(epoll, fd, false);
  const waiter = new EpollWaiter(epoll);
  await until(`descriptor ${fd} is readable`, () => waiter.wait(0).length === 1);
  closeSync(epoll);
}

/** Connects; the descriptor, or the name of an errno. */
async function connect(address: string, port: number): Promise<number | string> {
  const result = connectTcp(address, port);
  if (result.tag === "failed") return result.errno;
  if (result.decided === null) return result.fd;
  await waitFor(result.decided);
  closeSync(result.decided);
  const errno = takeConnectError(result.fd);
  if (errno === null) return result.fd;
  closeSync(result.fd);
  return errno;
}

const hasIpv6 = networkInterfaces()["lo"]?.some(({ address }) => address === "::1") === true;
const HOSTS = hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];

describe("a connection", () => {
  test.each(HOSTS)("to %s carries bytes in both directions, and tells of its end", async (host) => {
    const greeted = Promise.withResolvers<void>();
    await using server = await listenLocally((socket) => {
      socket.on("data", (bytes) => socket.end(`you said ${bytes.toString()}`));
      socket.once("close", () => greeted.resolve());
    }, host);
    const fd = await connect(host, server.port);
    if (typeof fd === "string") throw new Error(fd);
    const buffer = new Uint8Array(100);
    const room = { offset: 0, most: buffer.length };
    expect(readPipe(fd, buffer, room)).toEqual({ tag: "empty" });
    expect(sendFirst(fd, new TextEncoder().encode("hello"))).toBeNull();
    await waitFor(fd);
    const result = readPipe(fd, buffer, room);
    expect(new TextDecoder().decode(buffer.subarray(0, result.tag === "read" ? result.count : 0))).toBe(
      "you said hello",
    );
    await waitFor(fd);
    expect(readPipe(fd, buffer, room)).toEqual({ tag: "ended" });
    closeSync(fd);
    await greeted.promise;
  });

  test("that nobody accepts is refused", async () => {
    expect(await connect("127.0.0.1", await closedPort())).toBe("ECONNREFUSED");
  });

  test("to what is no address is none", async () => {
    expect(await connect("localhost", 80)).toBe("EINVAL");
  });

  test("that is reset says so when something is sent", async () => {
    await using server = await listenLocally((socket) => void socket.resetAndDestroy());
    const fd = await connect("127.0.0.1", server.port);
    if (typeof fd === "string") throw new Error(fd);
    await server.connectionEnded;
    await waitFor(fd);
    expect(sendFirst(fd, new Uint8Array(1))).toBeOneOf(["ECONNRESET", "EPIPE"]);
    closeSync(fd);
  });
});
