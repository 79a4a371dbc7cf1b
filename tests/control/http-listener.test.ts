import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import type { Outcome } from "../../src/control/control-port.ts";
import { literalPort, viewOf } from "./literal-port.ts";
import { serveTemporarily, talk, until } from "./temporary-server.ts";

const GET = "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n";

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

async function connect(socket: string, text: string, closed: () => void = () => {}): Promise<Bun.Socket<undefined>> {
  const peer = await Bun.connect({ unix: socket, socket: { data() {}, close: closed } });
  if (text !== "") peer.write(text);
  return peer;
}

test("when there is no room, whoever has been idle for longest goes, and the next client is answered", async () => {
  await using server = serveTemporarily(literalPort([viewOf("web")]), { capacity: 20 });
  const closed: number[] = [];
  for (let index = 0; index < 30; index++) await connect(server.socket, "GET /v1/ver", () => closed.push(index));
  await until(() => closed.length === 10);
  expect(closed.toSorted((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect((await server.fetch("/v1/version")).status).toBe(200);
});

test("when all wait for services there is still room for those who do not wait", async () => {
  const decided = Promise.withResolvers<Outcome>();
  let asked = 0;
  const port = literalPort([viewOf("web")], {
    ask() {
      asked++;
      return decided.promise;
    },
  });
  await using server = serveTemporarily(port, { capacity: 400 });
  const start = "POST /v1/services/web/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  const peers: Bun.Socket<undefined>[] = [];
  const ended: number[] = [];
  // Beyond those that may wait they are answered at once, so that they are idle when the next one comes.
  for (let count = 0; count < 500; count++) {
    peers.push(await connect(server.socket, start, () => ended.push(count)));
    await until(() => asked === count + 1);
  }
  expect((await server.fetch("/v1/version")).status).toBe(200);
  const answer = await server.fetch("/v1/services/web/start", { method: "POST" });
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining("not waited for") });
  const waiting = 400 - 64 - 100;
  expect(ended.length).toBeGreaterThan(0);
  expect(ended.filter((index) => index < waiting)).toEqual([]);
  decided.resolve({ tag: "done", message: "at last" });
  for (const peer of peers) peer.terminate();
});

test("connections that come and go leave nothing behind", async () => {
  await using server = serveTemporarily(literalPort([viewOf("web")]));
  const parts = ["", GET, GET.slice(0, 20), "\u0000\u0001\u0002\r\n\r\n", `${GET}${GET}`, "POST / HTTP/1.1\r\n"];
  const before = descriptors();
  for (let round = 0; round < 10; round++) {
    const peers = await Promise.all(
      parts.flatMap((part) => Array.from({ length: 20 }, () => connect(server.socket, part))),
    );
    for (const [index, peer] of peers.entries()) {
      if (index % 3 === 0) peer.shutdown();
      else if (index % 3 === 1) peer.end();
      peer.terminate();
    }
  }
  await until(() => descriptors() <= before);
  expect((await server.fetch("/v1/version")).status).toBe(200);
  expect(server.reports).toEqual([]);
});

test("a client that says that it has said everything is answered", async () => {
  await using server = serveTemporarily(literalPort([viewOf("web")]));
  let text = "";
  const ended = Promise.withResolvers<void>();
  const peer = await Bun.connect({
    unix: server.socket,
    allowHalfOpen: true,
    socket: {
      data: (_peer, chunk) => void (text += chunk.toString()),
      end: () => ended.resolve(),
      close: () => ended.resolve(),
    },
  });
  peer.write(GET);
  peer.shutdown();
  await ended.promise;
  expect(text).toStartWith("HTTP/1.1 200 OK");
  peer.terminate();
});

test("several requests over one connection are answered one after another, and the socket is gone in the end", async () => {
  const server = serveTemporarily(literalPort([viewOf("web")]));
  const text = await talk(server.socket, `${GET}${GET}${GET}`, (seen) => (seen.match(/"version"/g) ?? []).length === 3);
  expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(3);
  await server.close();
  expect(existsSync(server.socket)).toBe(false);
  await server[Symbol.asyncDispose]();
});
