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
  port.happen(eventOf(1, "line\nbreak"));
  port.happen(eventOf(2));
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

test("a reader that does not read costs little, is told what it has missed, and the others miss nothing", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  let text = "";
  const told = Promise.withResolvers<void>();
  const slow = await Bun.connect({
    unix: server.socket,
    socket: {
      open(peer) {
        peer.pause();
        peer.write("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
      },
      data(_peer, chunk) {
        text += chunk.toString();
        if (text.includes('"the end"')) told.resolve();
      },
    },
  });
  await until(() => port.listeners.size === 1);
  const talking = talk(server.socket, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", (seen) => seen.includes('"last"'));
  await until(() => port.listeners.size === 2);
  const message = "x".repeat(10_000);
  const many = Math.ceil((MAX_UNSENT_BYTES * 4) / message.length);
  for (let number = 1; number <= many; number++) {
    port.happen(eventOf(number, message));
    // As much as is kept for those who come back.
    if (port.happened.length > 20) port.happened.shift();
    await Bun.sleep(0);
  }
  port.happen(eventOf(many + 1, "last"));
  const numbers = (all: string): number[] =>
    [...all.matchAll(/"number":([0-9]+)/g)].map(([, digits]) => Number(digits));
  expect(new Set(numbers(await talking)).size).toBe(many + 1);
  slow.resume();
  port.happen(eventOf(many + 2, "the end"));
  await told.promise;
  const gap = /"number":([0-9]+),[^}]*"event":"missed"[^}]*"message":"([0-9]+) events are missing here/.exec(text);
  const before = numbers(text.slice(0, gap?.index ?? 0)).at(-1) ?? 0;
  expect(Number(gap?.[1]) - before).toBe(Number(gap?.[2]));
  expect(before * message.length).toBeLessThan(MAX_UNSENT_BYTES * 2);
  expect(numbers(text).slice(-2)).toEqual([many + 1, many + 2]);
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
  // Kept, as an answer that nobody holds any more is collected, and its stream ends with it.
  const held = [
    await server.fetch("/v1/events", { signal: first.signal }),
    ...(await Promise.all(
      Array.from({ length: MAX_STREAMS - 1 }, () => server.fetch("/v1/events", { signal: rest.signal })),
    )),
  ];
  const refused = await server.fetch("/v1/events");
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ exit: 1 });
  first.abort();
  await until(() => port.listeners.size === MAX_STREAMS - 1);
  expect((await server.fetch("/v1/events", { signal: rest.signal })).status).toBe(200);
  expect(held.map(({ status }) => status)).toEqual(held.map(() => 200));
  rest.abort();
  await until(() => port.listeners.size === 0);
});

test("when the server ends, its streams end properly and listen no longer", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  const response = await server.fetch("/v1/events");
  const text = response.text();
  port.happen(eventOf(1));
  await server.close();
  expect(await text).toBe(`\n${JSON.stringify(eventOf(1))}\n`);
  expect(port.listeners.size).toBe(0);
});

async function eventsOf(response: Response, count: number): Promise<string> {
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if ((text.match(/"number"/g) ?? []).length >= count) break;
  }
  return text;
}

test("a reader that comes back is told first what has happened since the number that it knows", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  for (const number of [1, 2, 3, 4]) port.happen(eventOf(number));
  const resumed = await server.fetch("/v1/events?after=2");
  expect(resumed.headers.get("daemonsup-instance")).toBe("abc");
  port.happen(eventOf(5));
  const lines = (await eventsOf(resumed, 3)).trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { number: number }).number)).toEqual([3, 4, 5]);
});

test("server-sent events carry numbers by which a reader goes on, whatever it asked for at first", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  for (const number of [1, 2, 3]) port.happen(eventOf(number));
  const headers = { accept: "text/event-stream", "last-event-id": "2.abc" };
  const response = await server.fetch("/v1/events?after=0", { headers });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(await eventsOf(response, 1)).toBe(`:\n\nid: 3.abc\ndata: ${JSON.stringify(eventOf(3))}\n\n`);
});

test.each([
  ["4", 400, "/v1/events?after=-4", "want the number of an event"],
  ["no more kept", 410, "/v1/events?after=2", "events before 4 are not kept any more"],
  ["not happened yet", 410, "/v1/events?after=6", "the newest is 5"],
  ["of an earlier supervisor", 410, "/v1/events?after=4.zzz", "earlier supervisor"],
] as const)(
  "who wants to go on after an event that is %s hears why that cannot be",
  async (...[, status, path, reason]) => {
    const port = literalPort([]);
    await using server = serveTemporarily(port);
    for (const number of [4, 5]) port.happen(eventOf(number));
    const response = await server.fetch(path);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { detail: string }).detail).toContain(reason);
    expect(port.listeners.size).toBe(0);
  },
);

test("a stream says that it lives if it is asked to, and no more often than once a second", async () => {
  await using server = serveTemporarily(literalPort([]));
  expect((await server.fetch("/v1/events?heartbeat=999")).status).toBe(400);
  let beats = 0;
  for await (const chunk of (await server.fetch("/v1/events?heartbeat=1000")).body ?? []) {
    expect(Buffer.from(chunk).toString()).toBe("\n");
    if (++beats === 2) break;
  }
  expect(beats).toBe(2);
});
