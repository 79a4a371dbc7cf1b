/* Nothing that happens to one service stops or slows another, or the supervisor. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program, shell } from "./definitions.ts";
import { TestPlace, type TestSupervisor, hasEnded } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);
const AT_ONCE = '[restart]\ndelay = "0ms"\nmax_delay = "50ms"\n';

let supervisor: TestSupervisor;
let healthy: ServiceView;

beforeAll(async () => {
  const place = new TestPlace({});
  place.write("healthy.toml", SLEEPER);
  place.write("other.toml", SLEEPER);
  for (let number = 0; number < 50; number++) place.write(`loop-${number}.toml`, program(["false"], AT_ONCE));
  place.write("missing.toml", program([place.path("no-such-program")], AT_ONCE));
  // Children that leave the group and live for a moment, without end.
  place.write("storm.toml", shell("while :; do setsid true & true; done", "nice = 10"));
  place.write("endless.toml", program(["yes", "x".repeat(100)], 'nice = 10\n[log]\nmax_size = "1MiB"\nkeep = 1'));
  place.write("deaf.toml", shell('trap "" TERM HUP; while :; do sleep 1000; done', '[stop]\ntimeout = "1s"'));
  supervisor = await place.start();
  healthy = await supervisor.until("healthy", (view) => view.state === "up");
});

afterAll(async () => {
  await supervisor[Symbol.asyncDispose]();
});

async function isUndisturbed(): Promise<void> {
  expect(await supervisor.service("healthy")).toMatchObject({ state: "up", pid: healthy.pid, restarts: 0 });
  expect(hasEnded(healthy.pid ?? 0)).toBe(false);
  expect(hasEnded(supervisor.pid)).toBe(false);
}

test("crash loops, a fork storm and output without end all go on while the neighbours are served", async () => {
  const before = (await supervisor.service("loop-7")).restarts;
  for (let number = 0; number < 50; number += 10)
    await supervisor.until(`loop-${number}`, (view) => view.restarts > before + 5);
  await supervisor.line("endless", () => true);
  expect((await supervisor.service("storm")).state).toBe("up");
  expect((await supervisor.service("missing")).state).not.toBe("up");
  await isUndisturbed();
});

test("every request is answered meanwhile, and each start and stop of a neighbour is carried out", async () => {
  const asked = Array.from({ length: 100 }, () => supervisor.services());
  for (const verb of ["stop", "start", "restart", "stop", "start"]) {
    const answer = await supervisor.request("POST", `/v1/services/other/${verb}`, {});
    expect(await answer.json()).toMatchObject({ result: "done" });
  }
  for (const views of await Promise.all(asked)) expect(views).toHaveLength(56);
  await isUndisturbed();
});

test("a thousand contradicting requests for one service leave exactly one instance or none, as the last one says", async () => {
  const asked = Array.from({ length: 1000 }, async (_, index) => {
    const verb = ["start", "stop", "restart"][index % 3];
    const answer = await supervisor.request("POST", `/v1/services/other/${verb}`, { wait: index % 2 === 0 });
    return ((await answer.json()) as { result: string }).result;
  });
  const results = new Set(await Promise.all(asked));
  expect([...results].filter((result) => !["done", "overtaken", "failed"].includes(result))).toEqual([]);
  await supervisor.request("POST", "/v1/services/other/start", {});
  expect((await supervisor.service("other")).state).toBe("up");
  await isUndisturbed();
});

test("requests that are no HTTP, or only half of it, do no harm", async () => {
  const texts = [
    "\0\0\0\0",
    "GET",
    "GET / HTTP/9.9\r\n\r\n",
    "POST /v1/reload HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n{",
  ];
  texts.push(
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\n\r\n`,
    "POST /v1/shutdown HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{]}[]",
  );
  texts.push(
    "GET /v1/services HTTP/1.1\r\nHost: \u00ff\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "\r\n".repeat(10_000),
  );
  const sockets = await Promise.all(texts.map((text) => connect(text)));
  await isUndisturbed();
  for (const socket of sockets) socket.destroy();
  expect(supervisor.events.some((event) => event.event === "shutdown")).toBe(false);
});

test("two thousand connections that say nothing keep nobody else from being served", async () => {
  const sockets: Socket[] = [];
  for (let count = 0; count < 2000; count += 100)
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => connect("GET /v1/")))));
  await isUndisturbed();
  expect((await supervisor.command("status", "healthy")).code).toBe(0);
  for (const socket of sockets) socket.destroy();
});

test("the supervisor ends in order in the midst of it, and leaves nothing behind", async () => {
  expect((await supervisor.command("shutdown")).code).toBe(0);
  expect(supervisor.place.marked()).toEqual([]);
});

/** A connection over which the text was sent; what comes back is not read. Knocks again while the queue of the socket is full. */
async function connect(text: string): Promise<Socket> {
  for (;;) {
    const socket = await knock();
    if (socket === null) continue;
    await new Promise((resolve) => socket.on("error", resolve).write(Buffer.from(text, "latin1"), resolve));
    return socket;
  }
}

function knock(): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createConnection(`${supervisor.place.runtime}/control.sock`);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(null));
  });
}
