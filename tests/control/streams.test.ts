import { expect, test } from "bun:test";
import { MAX_UNSENT_BYTES } from "../../src/control/line-stream.ts";
import { MAX_STREAMS } from "../../src/control/server.ts";
import { eventOf, lineOf, literalPort, viewOf } from "./literal-port.ts";
import { serveTemporarily, talk, until } from "./temporary-server.ts";

test("events arrive as they happen, one JSON object a line, after an empty line", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  const talking = talk(server.socket, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", (text) =>
    text.includes('"number":2'),
  );
  await until(() => port.listeners.size === 1);
  port.listeners.forEach((listen) => listen(eventOf(1, "line\nbreak")));
  port.listeners.forEach((listen) => listen(eventOf(2)));
  const [head = "", ...rest] = (await talking).split("\r\n\r\n");
  expect(head).toContain("application/x-ndjson");
  const body = rest
    .join("\r\n\r\n")
    .split("\r\n")
    .filter((_, index) => index % 2 === 1)
    .join("");
  expect(body).toBe(`\n${JSON.stringify(eventOf(1, "line\nbreak"))}\n${JSON.stringify(eventOf(2))}\n`);
});

test("a stream is heard of at once, before anything has happened", async () => {
  await using server = serveTemporarily(literalPort([]));
  const response = await server.fetch("/v1/events");
  expect(response.status).toBe(200);
  await response.body?.cancel();
});

test("a reader that goes away is listened for no longer", async () => {
  const port = literalPort([viewOf("web")]);
  await using server = serveTemporarily(port);
  const controller = new AbortController();
  const events = await server.fetch("/v1/events", { signal: controller.signal });
  const logs = await server.fetch("/v1/services/web/logs?follow=true", { signal: controller.signal });
  expect([events.status, logs.status, port.listeners.size, port.followers.size]).toEqual([200, 200, 1, 1]);
  controller.abort();
  await until(() => port.listeners.size === 0 && port.followers.size === 0);
});

test("a reader that does not read is dropped before it costs much, and the others go on", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  const slow = await Bun.connect({
    unix: server.socket,
    socket: {
      open(peer) {
        peer.pause();
        peer.write("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
      },
      data() {},
    },
  });
  await until(() => port.listeners.size === 1);
  const [slowListener] = port.listeners;
  let seen = 0;
  const talking = talk(server.socket, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", (text) => text.includes('"last"'));
  await until(() => port.listeners.size === 2);
  const message = "x".repeat(10_000);
  const most = (MAX_UNSENT_BYTES * 4) / message.length;
  while (slowListener !== undefined && port.listeners.has(slowListener) && seen < most) {
    slowListener(eventOf(++seen, message));
    await Bun.sleep(0);
  }
  expect(port.listeners.size).toBe(1);
  expect(seen).toBeLessThan(most);
  port.listeners.forEach((listen) => listen(eventOf(1, "last")));
  expect(await talking).toContain('"last"');
  slow.terminate();
});

test("a long past that was asked for does not count as being slow", async () => {
  const past = Array.from({ length: 3_000 }, (_, index) => lineOf("web", `${index} ${"y".repeat(1_000)}`));
  const port = literalPort([viewOf("web")], {
    logs() {
      const fetched = Promise.resolve(past);
      // Two turns later the past was sent, but nothing of it was written yet.
      const live = fetched.then(() => {}).then(() => port.followers.forEach((listen) => listen(lineOf("web", "live"))));
      void live;
      return fetched;
    },
  });
  await using server = serveTemporarily(port);
  const all = Promise.withResolvers<string>();
  let text = "";
  const reader = await Bun.connect({
    unix: server.socket,
    socket: {
      open(peer) {
        peer.pause();
        peer.write("GET /v1/services/web/logs?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
      },
      data(_peer, chunk) {
        text += chunk.toString();
        if (text.includes('"live"')) all.resolve(text);
      },
      close: () => all.resolve(text),
    },
  });
  await until(() => port.followers.size === 1);
  expect(port.followers.size).toBe(1);
  reader.resume();
  expect((await all.promise).match(/yyy"/g)).toHaveLength(3_000);
  reader.terminate();
});

test(`no more than ${MAX_STREAMS} streams are open, and one that ends makes room`, async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  const first = new AbortController();
  const rest = new AbortController();
  await server.fetch("/v1/events", { signal: first.signal });
  await Promise.all(Array.from({ length: MAX_STREAMS - 1 }, () => server.fetch("/v1/events", { signal: rest.signal })));
  const refused = await server.fetch("/v1/events");
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ exit: 1 });
  first.abort();
  await until(() => port.listeners.size === MAX_STREAMS - 1);
  expect((await server.fetch("/v1/events", { signal: rest.signal })).status).toBe(200);
  rest.abort();
  await until(() => port.listeners.size === 0);
});

test("when the server ends, its streams end properly and listen no longer", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  const response = await server.fetch("/v1/events");
  const text = response.text();
  port.listeners.forEach((listen) => listen(eventOf(1)));
  await server.close();
  expect(await text).toBe(`\n${JSON.stringify(eventOf(1))}\n`);
  expect(port.listeners.size).toBe(0);
});
