import { afterAll, expect, spyOn, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, askEach, askLines, type SupervisorPlace } from "../../src/control/client.ts";
import type { Outcome } from "../../src/control/control-port.ts";
import { readLines } from "../../src/control/read-lines.ts";
import { millis } from "../../src/core/units.ts";
import { connectRuntimeSocket } from "../../src/os/runtime-socket.ts";
import { eventOf, literalPort, viewOf } from "./literal-port.ts";
import { serveAt, serveTemporarily, until } from "./temporary-server.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-client-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

// Whoever answers does so in this very process, which must not wait for itself.
const connect: SupervisorPlace["connect"] = (path, bytes) => connectRuntimeSocket({ unix: path }, bytes);

let count = 0;
function freePlace(isLocked = false): SupervisorPlace {
  return { socket: join(directory, `${++count}.sock`), connect, isLocked: () => isLocked };
}

const VERSION = { route: "version", name: null, patience: null } as const;
const START = { route: "start", name: "web", body: { wait: true }, patience: null } as const;

test("an answer comes back as the value it is", async () => {
  await using server = serveTemporarily(literalPort([viewOf("web")]));
  const place = { socket: server.socket, connect, isLocked: () => true };
  expect(await ask(place, { route: "service", name: "web", patience: null })).toEqual({
    tag: "ok",
    value: viewOf("web"),
  });
  expect(await ask(place, START)).toEqual({
    tag: "ok",
    value: { result: "done", message: null, service: viewOf("web") },
  });
});

test("a problem comes back with its sentence and its exit status", async () => {
  const problems = ["a.toml:1:1: cannot parse"];
  await using server = serveTemporarily(
    literalPort([], { reload: () => Promise.resolve({ tag: "invalid", problems }) }),
  );
  const place = { socket: server.socket, connect, isLocked: () => true };
  expect(await ask(place, START)).toMatchObject({
    tag: "refused",
    why: "problem",
    exit: 5,
    message: 'cannot start "web": no such service',
  });
  expect(await ask(place, { route: "reloadAll", name: null, patience: null })).toMatchObject({
    tag: "refused",
    exit: 6,
    problems,
  });
});

test("without a socket and without a lock, no supervisor is running", async () => {
  const place = freePlace();
  expect(await ask(place, VERSION)).toMatchObject({
    why: "not-running",
    exit: 7,
    message: `cannot connect to "${place.socket}": no supervisor is running there`,
  });
  writeFileSync(place.socket, "no socket");
  expect(await ask(place, VERSION)).toMatchObject({ why: "not-running", exit: 7 });
  expect(await ask({ ...place, socket: `${place.socket}/below` }, VERSION)).toMatchObject({
    why: "not-running",
    exit: 7,
  });
});

test("while the pid file is locked, the socket is waited for", async () => {
  const place = freePlace(true);
  let looks = 0;
  const asking = ask({ ...place, isLocked: () => ++looks > 0 }, { route: "services", name: null, patience: null });
  await until(() => looks >= 2);
  const served = serveAt(place.socket, literalPort([viewOf("web")]));
  expect(await asking).toEqual({ tag: "ok", value: [viewOf("web")] });
  await served.close();
});

test("a lock that is let go of ends the waiting", async () => {
  let looks = 0;
  const place = { ...freePlace(), isLocked: () => ++looks < 3 };
  expect(await ask(place, VERSION)).toMatchObject({ why: "not-running", exit: 7 });
});

test("a supervisor that holds its lock but never answers is told from one that is not there", async () => {
  expect(await ask(freePlace(true), VERSION)).toMatchObject({ why: "unresponsive", exit: 1 });
});

test("a question that only shows is asked again when the supervisor is replaced meanwhile, one that changes is not", async () => {
  const place = freePlace(true);
  const heard: string[] = [];
  const listener = Bun.listen({
    unix: place.socket,
    socket: {
      data(peer, bytes) {
        heard.push(bytes.toString().split(" ")[0] ?? "");
        if (heard.length === 1 || heard.includes("POST")) peer.end();
        else peer.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
      },
    },
  });
  expect((await ask(place, VERSION)).tag).toBe("ok");
  expect(await ask(place, START)).toMatchObject({ why: "broken", exit: 1 });
  expect(heard).toEqual(["GET", "GET", "POST"]);
  listener.stop(true);
});

test("a question is asked again when the supervisor is replaced in the middle of its answer", async () => {
  const place = freePlace(true);
  let heard = 0;
  const listener = Bun.listen({
    unix: place.socket,
    socket: {
      data(peer) {
        const answer = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n";
        if (++heard > 1) return void peer.end(`${answer}{"version":"2"}`);
        peer.write(`${answer}{"vers`);
        setTimeout(() => peer.terminate(), 10);
      },
    },
  });
  const [answer, again] = [await ask(place, VERSION), heard];
  heard = 0;
  expect([answer, again]).toMatchObject([{ tag: "ok", value: { version: "2" } }, 2]);
  expect(await ask(place, START)).toMatchObject({ why: "broken", exit: 1 });
  expect(heard).toBe(1);
  listener.stop(true);
});

test("a request that says how things are to be is sent again when the supervisor is replaced meanwhile", async () => {
  const place = freePlace(true);
  const heard: string[] = [];
  const listener = Bun.listen({
    unix: place.socket,
    socket: {
      data(peer, bytes) {
        heard.push(bytes.toString().split(" ")[1] ?? "");
        if (heard.length % 2 === 1) peer.end();
        else peer.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
      },
    },
  });
  const asked = { name: null, body: {}, patience: null };
  expect((await ask(place, { route: "reloadAll", ...asked })).tag).toBe("ok");
  expect((await ask(place, { route: "scale", ...asked, name: "web" })).tag).toBe("ok");
  expect((await ask(place, { route: "shutdown", ...asked })).tag).toBe("ok");
  const [reload, scale, shutdown] = ["/v1/reload", "/v1/templates/web/scale", "/v1/shutdown"];
  expect(heard).toEqual([reload, reload, scale, scale, shutdown, shutdown]);
  listener.stop(true);
});

test("a request is sent again however long the supervisor that was replaced had it, but not without end", async () => {
  const place = freePlace(true);
  let heard = 0;
  using clock = spyOn(performance, "now");
  const listener = Bun.listen({
    unix: place.socket,
    socket: {
      data(peer) {
        heard += 1;
        const now = heard * 3_600_000;
        clock.mockImplementation(() => now);
        peer.end();
      },
    },
  });
  const asked = { route: "reloadAll", name: null, body: {}, patience: null } as const;
  expect(await ask(place, asked)).toMatchObject({ why: "broken", exit: 1 });
  expect(heard).toBe(11);
  listener.stop(true);
});

test("whoever has asked a supervisor that is gone before its answer is not told that none was running", async () => {
  const { socket } = freePlace();
  let isLocked = true;
  const listener = Bun.listen({
    unix: socket,
    socket: {
      data(peer) {
        peer.end();
        listener.stop(true);
        setTimeout(() => (isLocked = false), 50);
      },
    },
  });
  const place = { socket, connect, isLocked: () => isLocked };
  expect(await ask(place, { route: "shutdown", name: null, body: {}, patience: null })).toMatchObject({
    why: "broken",
  });
});

test("a request that changes something and has an identity is sent again with it", async () => {
  const place = freePlace(true);
  const heard: string[] = [];
  const listener = Bun.listen({
    unix: place.socket,
    socket: {
      data(peer, bytes) {
        heard.push(/daemonsup-request: (\w+)/i.exec(bytes.toString())?.[1] ?? "none");
        if (heard.length === 1) peer.end();
        else peer.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
      },
    },
  });
  expect((await ask(place, { ...START, identity: "0".repeat(32) })).tag).toBe("ok");
  expect(heard).toEqual(["0".repeat(32), "0".repeat(32)]);
  listener.stop(true);
});

test("patience that runs out, and a wait that is given up, are no answer", async () => {
  const port = literalPort([viewOf("web")], { ask: () => new Promise<Outcome>(() => {}) });
  await using server = serveTemporarily(port);
  const place = { socket: server.socket, connect, isLocked: () => true };
  expect(await ask(place, { ...START, patience: millis(30) })).toMatchObject({ why: "unresponsive", exit: 124 });
  const controller = new AbortController();
  const asking = ask(place, { ...START, signal: controller.signal });
  controller.abort();
  expect(await asking).toMatchObject({ why: "aborted" });
});

test("what is to be done meanwhile is done once the question is on its way, and before its answer is looked at", async () => {
  const place = freePlace(true);
  const said = Promise.withResolvers<void>();
  const listener = Bun.listen({
    unix: place.socket,
    socket: {
      data(peer) {
        said.resolve();
        peer.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
      },
    },
  });
  let isDone = false;
  const asking = ask(place, {
    ...VERSION,
    async meanwhile() {
      await said.promise;
      await Bun.sleep(0);
      isDone = true;
    },
  });
  expect([(await asking).tag, isDone]).toEqual(["ok", true]);
  listener.stop(true);
});

test("something else that listens there is not believed", async () => {
  const place = freePlace();
  const answers = ["<html>", '{"detail":"x"}'];
  const other = Bun.serve({
    unix: place.socket,
    development: false,
    fetch: () => new Response(answers.shift(), { status: 404 }),
  });
  expect(await ask(place, VERSION)).toMatchObject({ why: "broken", exit: 1 });
  expect(await ask(place, VERSION)).toMatchObject({ why: "broken", exit: 1 });
  await other.stop(true);
});

test("a path too long for a socket is refused before anything is tried", async () => {
  expect(await ask({ socket: `/${"x".repeat(200)}`, connect, isLocked: () => true }, VERSION)).toMatchObject({
    exit: 2,
  });
});

test.skipIf(process.getuid?.() === 0)("a socket that belongs to another is told from none", async () => {
  const closed = join(directory, "closed");
  mkdirSync(closed, { mode: 0o000 });
  const place = { socket: join(closed, "control.sock"), connect, isLocked: () => false };
  expect(await ask(place, VERSION)).toMatchObject({ why: "permission", exit: 4 });
  chmodSync(closed, 0o700);
});

test("lines are read as they arrive, until the supervisor ends", async () => {
  const port = literalPort([]);
  await using server = serveTemporarily(port);
  const reply = await askLines(
    { socket: server.socket, connect, isLocked: () => true },
    { route: "events", name: null, patience: null },
  );
  if (reply.tag === "refused") throw new Error(reply.message);
  const lines = reply.value[Symbol.asyncIterator]();
  for (const number of [1, 2]) {
    port.listeners.forEach((listen) => listen(eventOf(number)));
    expect(await lines.next()).toEqual({ done: false, value: eventOf(number) });
  }
  await server.close();
  expect((await lines.next()).done).toBe(true);
});

test("what is known to be the last line ends the answer, although the connection stays", async () => {
  const place = freePlace(true);
  const lines = ['{"name":"web"}', '{"name":"db"}'];
  const listener = Bun.listen({
    unix: place.socket,
    socket: { data: (peer) => void peer.write(`HTTP/1.1 200 OK\r\n\r\n${lines.join("\n")}\n`) },
  });
  const names: string[] = [];
  const question = { route: "act", name: null, body: {}, patience: millis(10_000) } as const;
  const take = ({ name }: { readonly name: string }): boolean => names.push(name) === 2;
  expect(await askEach(place, question, { take, isWhole: () => true })).toBeNull();
  expect(names).toEqual(["web", "db"]);
  listener.stop(true);
});

test("lines are put together again however they were cut on their way", async () => {
  const values = [{ text: "grüße 🎉" }, { text: "" }, { text: "x".repeat(100) }];
  const bytes = new TextEncoder().encode(`\n${values.map((value) => `${JSON.stringify(value)}\n`).join("\n")}`);
  for (const size of [1, 2, 3, 7, 1_000]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    expect(await Array.fromAsync(readLines(body))).toEqual(values);
  }
});
