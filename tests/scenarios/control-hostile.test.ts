import { expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { program } from "./definitions.ts";
import { sayingWhatFor } from "./long-wait.ts";
import { descriptorsOf } from "./process-facts.ts";
import { TestSupervisor, untilTrue } from "./test-supervisor.ts";

const GET = "GET /v1/services HTTP/1.1\r\nHost: x\r\n\r\n";
const START = "POST /v1/services/web/start HTTP/1.1\r\nHost: x\r\n";

/** What clients that are broken, impatient or hostile send. */
const PIECES: readonly string[] = [
  "",
  GET,
  GET.repeat(50),
  GET.slice(0, 17),
  "\u0000\u0001\u0002\u0003\r\n\r\n",
  `GET /${"a".repeat(100_000)} HTTP/1.1\r\n`,
  `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(10_000)}`,
  `${START}Content-Length: 999999999999\r\n\r\n`,
  `${START}Transfer-Encoding: chunked\r\n\r\n${"1\r\na\r\n".repeat(40_000)}`,
  `${START}Content-Length: 5\r\n\r\n{"a`,
  `${START}Content-Length: 2\r\n\r\n[]`,
  "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /v1/services/web/logs?follow=true HTTP/1.1\r\nHost: x\r\n\r\n",
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

/** Connects, sends, and leaves in one of several ways, or stays. */
function visit(path: string, index: number): Socket {
  const socket = createConnection({ path, allowHalfOpen: true });
  socket.on("error", () => {});
  // A third never reads what it is told.
  if (index % 3 === 0) socket.pause();
  else socket.resume();
  socket.once("connect", () => {
    socket.write(Buffer.from(PIECES[index % PIECES.length] ?? "", "latin1"));
    if (index % 5 === 1) socket.end();
    if (index % 5 === 2) socket.destroySoon();
    if (index % 5 === 3) setImmediate(() => socket.resetAndDestroy());
  });
  return socket;
}

test("thousands of connections of every bad kind harm neither the supervisor nor its services, and an operator gets in", async () => {
  await using supervisor = await TestSupervisor.start({ "web.toml": program(["sleep", "1000"]) });
  const before = await supervisor.service("web");
  // Its own log is the last thing that it opens, and that a little after it answers.
  await supervisor.place.logged("web: up");
  const open = (): readonly string[] => [...descriptorsOf(supervisor.supervisorPid).values()];
  const atFirst = open();
  const path = `${supervisor.place.runtime}/control.sock`;
  for (let round = 0; round < 6; round++) {
    const sockets: Socket[] = [];
    for (let index = 0; index < 500; index++) {
      sockets.push(visit(path, round * 500 + index));
      if (index % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    // In the middle of all that, and by a connection of its own.
    const asked = supervisor.command("status", "web", "--json");
    const answer = await sayingWhatFor(() => `the answer to an operator in round ${round}`, asked);
    expect(answer).toMatchObject({ code: 0, stderr: "" });
    for (const socket of sockets) socket.destroy();
  }
  await sayingWhatFor(
    () =>
      `the end of what is open beside ${atFirst.length} others: ${open()
        .filter((each) => !atFirst.includes(each))
        .join(", ")}`,
    untilTrue(() => open().length <= atFirst.length),
  );
  expect(await supervisor.service("web")).toMatchObject({ state: "up", pid: before.pid, restarts: 0 });
  expect(supervisor.place.ownLog()).not.toContain("internal error");
  expect(supervisor.events.filter(({ event }) => event !== "state")).toEqual([]);
}, 60_000);

test("clients that say nothing, or hardly anything, are gone after a while, and those that wait are not", async () => {
  await using supervisor = await TestSupervisor.start({
    "never.toml": program(["sleep", "1000"], '[ready]\nnotify = true\ntimeout = "1h"\n'),
  });
  const path = `${supervisor.place.runtime}/control.sock`;
  const waiting = createConnection({ path });
  waiting.write("POST /v1/services/never/restart HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  let hasWaitingEnded = false;
  waiting.on("close", () => (hasWaitingEnded = true));
  const silent = createConnection({ path });
  const half = createConnection({ path });
  let told = "";
  half.on("data", (chunk) => (told += chunk.toString()));
  half.write("GET /v1/ver");
  const ends = [silent, half].map((socket) => new Promise<void>((resolve) => socket.on("close", () => resolve())));
  silent.resume();
  await Promise.all(ends);
  expect(told).toStartWith("HTTP/1.1 408 Request Timeout");
  expect(hasWaitingEnded).toBe(false);
  waiting.destroy();
}, 60_000);
