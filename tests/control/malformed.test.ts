import { expect, test } from "bun:test";
import { literalPort, viewOf } from "./literal-port.ts";
import { serveTemporarily, talk } from "./temporary-server.ts";

const START = "POST /v1/services/web/start HTTP/1.1\r\nHost: x\r\n";

const malformed: readonly (readonly [string, string, RegExp])[] = [
  ["noise", "\u0000\u0001garbage\r\n\r\n", /^HTTP\/1.1 400|^$/],
  ["a version of the future", "GET / HTTP/9.9\r\n\r\n", /^HTTP\/1.1 505/],
  ["no Host", "GET /v1/version HTTP/1.1\r\n\r\n", /^HTTP\/1.1 400/],
  ["a Host that is none", "GET /v1/version HTTP/1.1\r\nHost: a b\r\n\r\n", /^HTTP\/1.1 400/],
  ["a path that is too long", `GET /${"a".repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1.1 431/],
  ["headers that are too long", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"b".repeat(100_000)}\r\n\r\n`, /^HTTP\/1.1 431/],
  ["a body said to be huge", `${START}Content-Length: 99999999\r\n\r\n{`, /^HTTP\/1.1 413/],
  [
    "a huge body in chunks",
    `${START}Transfer-Encoding: chunked\r\n\r\n${`4000\r\n${"a".repeat(16_384)}\r\n`.repeat(4)}0\r\n\r\n`,
    /^HTTP\/1.1 413/,
  ],
  ["a body of negative length", `${START}Content-Length: -5\r\n\r\n{}`, /^HTTP\/1.1 400/],
  ["chunks of nonsense", `${START}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, /^HTTP\/1.1 400|^$/],
];

test.each(malformed)("%s is refused and harms nobody", async (_title, bytes, answer) => {
  const port = literalPort([viewOf("web")]);
  await using server = serveTemporarily(port);
  const text = await talk(server.socket, bytes, (soFar) => /\r\n\r\n/.test(soFar));
  expect(text).toMatch(answer);
  expect(port.asked).toEqual([]);
  expect(server.reports).toEqual([]);
  expect((await server.fetch("/v1/version")).status).toBe(200);
});

test("hundreds of connections that say nothing, or half of something, are in nobody's way", async () => {
  await using server = serveTemporarily(literalPort([viewOf("web")]));
  const halves = ["", "GET /v1/ver", `${START}Content-Length: 100\r\n\r\n{`];
  const socket = { data() {} };
  const connections = await Promise.all(
    Array.from({ length: 300 }, () => Bun.connect({ unix: server.socket, socket })),
  );
  connections.forEach((connection, index) => connection.write(halves[index % halves.length] ?? ""));
  expect((await server.fetch("/v1/version")).status).toBe(200);
  expect(await (await server.fetch("/v1/services/web/start", { method: "POST" })).json()).toMatchObject({
    result: "done",
  });
  for (const connection of connections) connection.terminate();
  expect(server.reports).toEqual([]);
});
