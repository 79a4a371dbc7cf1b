import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { makeOutputPort, network, timers } from "../../src/daemon-ports.ts";
import { attemptHttp } from "../../src/supervisor/check-http.ts";
import { type Attempt, type CheckResult, type Conclude, MOST_CHECK_OUTPUT } from "../../src/supervisor/check-result.ts";
import { attemptTcp } from "../../src/supervisor/check-tcp.ts";
import type { ConnectionPorts } from "../../src/supervisor/connection.ts";
import { PlaneHarness } from "../log/plane-harness.ts";
import { closedPort, listenLocally, listenWithoutAccepting } from "./local-listener.ts";

let harness: PlaneHarness;
let ports: ConnectionPorts;

beforeAll(() => {
  harness = new PlaneHarness();
  ports = { network, timers, output: makeOutputPort({ plane: harness.plane }, harness.directory) };
});

afterAll(() => harness[Symbol.asyncDispose]());

function outcomeOf(begin: (conclude: Conclude) => Attempt): Promise<CheckResult> {
  return new Promise((resolve) => void begin(resolve));
}

const tcp = (host: string, port: number): Promise<CheckResult> =>
  outcomeOf((conclude) => attemptTcp({ host, port }, ports, conclude));

const http = (url: string): Promise<CheckResult> => outcomeOf((conclude) => attemptHttp(url, ports, conclude));

/** What a check by HTTP says of a server that answers with this; `later`: what happens before the server closes. */
async function httpOf(
  answer: string | Uint8Array,
  after: (socket: Socket) => void = () => {},
  later: () => Promise<void> = async () => {},
): Promise<CheckResult> {
  await using server = await listenLocally((socket) =>
    socket.once("data", () => {
      socket.write(answer);
      after(socket);
    }),
  );
  const result = await http(`http://127.0.0.1:${server.port}/`);
  await later();
  return result;
}

const close = (socket: Socket): void => void socket.end();

describe("a check by tcp", () => {
  test("is good if somebody accepts the connection, and closes it at once", async () => {
    await using server = await listenLocally(() => {});
    expect(await tcp("127.0.0.1", server.port)).toEqual({ ok: true, detail: "accepted a connection", output: "" });
    await server.connectionEnded;
  });

  test("fails if nobody does", async () => {
    expect(await tcp("127.0.0.1", await closedPort())).toMatchObject({ ok: false, detail: "connection refused" });
  });

  test("goes to the address that is written, and to no other", async () => {
    await using server = await listenLocally(() => {}, "127.0.0.2");
    expect((await tcp("127.0.0.2", server.port)).ok).toBe(true);
    expect((await tcp("127.0.0.1", server.port)).ok).toBe(false);
  });

  test("looks a name up", async () => {
    await using server = await listenLocally(() => {});
    expect((await tcp("localhost", server.port)).ok).toBe(true);
  });

  test("says that a name means no host", async () => {
    const { ok, detail } = await tcp("no host is called so", 80);
    expect(ok).toBe(false);
    expect(detail).toStartWith('cannot resolve "no host is called so": ');
  });

  test("that is given up says nothing more, and leaves no connection behind", async () => {
    await using full = await listenWithoutAccepting();
    // Whatever was under way in the loop is over once another check has been made.
    const settle = async () => tcp("127.0.0.1", await closedPort());
    await settle();
    const before = openSockets();
    let isConcluded = false;
    const attempt = attemptTcp({ host: "127.0.0.1", port: full.port }, ports, () => (isConcluded = true));
    await settle();
    expect(openSockets()).toBe(before + 2);
    expect(attempt.giveUp()).toBeNull();
    await settle();
    expect([openSockets(), isConcluded]).toEqual([before, false]);
  });
});

describe("a check by http", () => {
  test("asks for what the address says", async () => {
    const asked = Promise.withResolvers<string>();
    await using server = await listenLocally((socket) =>
      socket.once("data", (bytes) => {
        asked.resolve(bytes.toString());
        socket.end("HTTP/1.1 200 OK\r\n\r\nfine\n");
      }),
    );
    const { port } = server;
    expect(await http(`http://127.0.0.1:${port}/a%20b?c=d#e`)).toEqual({
      ok: true,
      detail: "answered 200",
      output: "fine\n",
    });
    const [first, ...headers] = (await asked.promise).split("\r\n");
    expect(first).toBe("GET /a%20b?c=d HTTP/1.1");
    expect(headers).toContain(`Host: 127.0.0.1:${port}`);
    expect(headers).toContain("Connection: close");
    expect(headers.slice(-2)).toEqual(["", ""]);
  });

  test("is understood by a server of the runtime", async () => {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("well") });
    expect(await http(server.url.href)).toEqual({ ok: true, detail: "answered 200", output: "well" });
  });

  test.each([
    ["200 OK", true],
    ["204 No Content", true],
    ["301 Moved", true],
    ["399 Odd", true],
    ["400 Bad Request", false],
    ["404 Not Found", false],
    ["503 Service Unavailable", false],
  ])("takes an answer %s for good: %p", async (status, ok) => {
    const result = await httpOf(`HTTP/1.1 ${status}\r\nLocation: http://127.0.0.1:1/\r\n\r\n`, close);
    expect(result).toMatchObject({ ok, detail: `answered ${status.slice(0, 3)}` });
  });

  test("does not wait for the end of an answer that is whole, nor of one that is longer than what is kept", async () => {
    expect((await httpOf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")).output).toBe("ok");
    const long = `HTTP/1.1 500 No\r\n\r\n${"x".repeat(3 * MOST_CHECK_OUTPUT)}`;
    expect(await httpOf(long)).toEqual({
      ok: false,
      detail: "answered 500",
      output: "x".repeat(MOST_CHECK_OUTPUT),
    });
  });

  test.each([
    ["220 mail.example ESMTP\r\n", "answered, but not by HTTP"],
    ["", "closed the connection before it answered"],
    ["HTTP/1.1 200 OK\r\nX: y\r\n", "closed the connection before it answered"],
  ])("fails if it is answered by %j", async (answer, detail) => {
    expect(await httpOf(answer, close)).toEqual({ ok: false, detail, output: "" });
  });

  test("fails if nobody listens, or the connection breaks", async () => {
    expect((await http(`http://127.0.0.1:${await closedPort()}/`)).detail).toBe("connection refused");
    expect((await httpOf("", (socket) => socket.resetAndDestroy())).ok).toBe(false);
  });

  test("lets a server end an answer that is longer than what is kept, for a while", async () => {
    const sockets = Promise.withResolvers<Socket>();
    const result = await httpOf(
      `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(2 * MOST_CHECK_OUTPUT)}`,
      sockets.resolve,
      async () => {
        const socket = await sockets.promise;
        const ended = new Promise<boolean>((resolve) => socket.once("close", resolve));
        // Where nobody reads any more the first of these is answered by a reset.
        for (const text of ["more", "the last"])
          await new Promise<void>((resolve) => void socket.write(text, () => resolve()));
        socket.end();
        expect(await ended).toBe(false);
      },
    );
    expect(result.detail).toBe("answered 200");
  });

  test("ends the connection of a server that never comes to the end of its answer", async () => {
    await using server = await listenLocally((socket) =>
      socket.once("data", () => socket.write(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(MOST_CHECK_OUTPUT)}`)),
    );
    expect((await http(`http://127.0.0.1:${server.port}/`)).ok).toBe(true);
    await server.connectionEnded;
  });

  test("that is given up counts an answer whose body has not ended", async () => {
    let began = Promise.withResolvers<void>();
    await using server = await listenLocally((socket) =>
      socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\nfor ever", () => began.resolve())),
    );
    let answer: CheckResult | null = null;
    // Nothing tells from outside when it has been read: once more, if it was too soon.
    while (answer === null) {
      began = Promise.withResolvers();
      const attempt = attemptHttp(`http://127.0.0.1:${server.port}/`, ports, () => {});
      await began.promise;
      await harness.plane.flush();
      answer = attempt.giveUp();
    }
    expect(answer).toEqual({ ok: true, detail: "answered 200", output: "for ever" });
    await server.connectionEnded;
  });

  test("that is given up before the answer knows nothing, and ends the connection", async () => {
    const connected = Promise.withResolvers<void>();
    await using server = await listenLocally(() => connected.resolve());
    const attempt = attemptHttp(`http://127.0.0.1:${server.port}/`, ports, () => {});
    await connected.promise;
    expect(attempt.giveUp()).toBeNull();
    await server.connectionEnded;
  });

  test("asks the server itself, whatever proxy the environment names", async () => {
    const before = process.env["http_proxy"];
    process.env["http_proxy"] = `http://127.0.0.1:${await closedPort()}`;
    try {
      expect((await httpOf("HTTP/1.1 200 OK\r\n\r\n", close)).ok).toBe(true);
    } finally {
      if (before === undefined) delete process.env["http_proxy"];
      else process.env["http_proxy"] = before;
    }
  });
});

/** How many sockets this process has open, and sets of descriptors to wait for. */
function openSockets(): number {
  return readdirSync("/proc/self/fd").filter((fd) => /^socket:|eventpoll/.test(linkOf(fd))).length;
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // closed since the directory was read
  }
}
