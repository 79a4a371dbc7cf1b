import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync } from "node:fs";
import { runCommand } from "../../src/cli/run-command.ts";
import type { Outcome } from "../../src/control/control-port.ts";
import { actLine, type ActLine } from "../../src/control/protocol.ts";
import { literalWorld } from "../cli/literal-world.ts";
import { type LiteralPort, literalPort, viewOf } from "./literal-port.ts";
import { soundValue } from "./sound-value.ts";
import { serveTemporarily, talk, until } from "./temporary-server.ts";

const PATH = "/v1/services";
const WEBS = [viewOf("db"), viewOf("web-1"), viewOf("web-2")];

function body(asked: object): RequestInit {
  return { method: "POST", body: JSON.stringify({ verb: "stop", ...asked }) };
}

async function linesOf(port: LiteralPort, asked: object): Promise<readonly ActLine[]> {
  await using server = serveTemporarily(port);
  const text = await (await server.fetch(PATH, body(asked))).text();
  expect(server.reports).toEqual([]);
  return text
    .trim()
    .split("\n")
    .map((line) => soundValue(actLine, JSON.parse(line)));
}

function wordsOf(lines: readonly ActLine[]): readonly string[] {
  return lines.map(({ name, result }) => `${name} ${result}`);
}

describe("one request for several services", () => {
  test("asks each that its names and globs mean once, and says of each what came of it", async () => {
    const port = literalPort(WEBS);
    const lines = await linesOf(port, { services: ["web-2", "web-*"], timeout: 5 });
    expect(wordsOf(lines)).toEqual(["web-2 asked", "web-1 asked", "web-2 done", "web-1 done"]);
    expect(lines.at(-1)?.service).toEqual(viewOf("web-1"));
    expect(port.asked).toEqual(["stop web-2", "stop web-1"]);
  });

  test("says which names mean none, and acts on the others", async () => {
    const lines = await linesOf(literalPort(WEBS), { services: ["bd", "db", "none-*"] });
    expect(lines.filter(({ result }) => result === "no-such-service")).toMatchObject([
      { name: "none-*", message: "no service has such a name", service: null },
      { name: "bd", message: 'no such service (did you mean "db"?)', service: null },
    ]);
    expect(wordsOf(lines)).toContain("db done");
  });

  test("sends signals as well", async () => {
    const port = literalPort(WEBS);
    const lines = await linesOf(port, { verb: "signal", signal: "hup", services: ["web-*"] });
    expect(wordsOf(lines).slice(2)).toEqual(["web-1 done", "web-2 done"]);
    expect(port.asked).toEqual(["SIGHUP web-1", "SIGHUP web-2"]);
  });

  test.each<[string, object]>([
    ["no name", { services: [] }],
    ["names that are none", { services: "web" }],
    ["a verb that is none", { verb: "explode", services: ["db"] }],
    ["a name that is too long", { services: ["a".repeat(256)] }],
    ["too many globs", { services: Array.from({ length: 65 }, (_, index) => `${index}*`) }],
    ["a signal without its name", { verb: "signal", services: ["db"] }],
    ["a signal that is none", { verb: "signal", signal: "SIGFOO", services: ["db"] }],
    ["a signal for a stop", { services: ["db"], signal: "HUP" }],
    ["a wait longer than a day", { services: ["db"], timeout: 1e15 }],
  ])("with %s is refused", async (_, asked) => {
    const port = literalPort(WEBS);
    await using server = serveTemporarily(port);
    const response = await server.fetch(PATH, body(asked));
    expect([response.status, port.asked]).toEqual([400, []]);
  });

  test("tells what is decided while others are still waited for, whom the end of the server tells as well", async () => {
    const port = literalPort(WEBS, {
      ask: (name) => (name === "db" ? new Promise(() => {}) : Promise.resolve({ tag: "done", message: null })),
    });
    await using server = serveTemporarily(port);
    let seen = "";
    const text = JSON.stringify({ verb: "stop", services: ["*"] });
    const request = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    const talking = talk(server.socket, request, (soFar) => {
      seen = soFar;
      return false;
    });
    await until(() => seen.includes('"name":"web-2","result":"done"'));
    expect(seen).not.toContain('"name":"db","result":"failed"');
    await server.close();
    expect(await talking).toContain('"name":"db","result":"failed","message":"the supervisor ends"');
  });

  test("reports a bug, and says so of the service that it concerns", async () => {
    const port = literalPort(WEBS, {
      ask: (name) =>
        name === "db" ? Promise.reject(new Error("secret")) : Promise.resolve({ tag: "done", message: null }),
    });
    await using server = serveTemporarily(port);
    const text = await (await server.fetch(PATH, body({ services: ["db", "web-1"] }))).text();
    expect(text).toContain('"name":"db","result":"failed","message":"internal error, see the log of the supervisor"');
    expect(text).not.toContain("secret");
    expect(server.reports).toHaveLength(1);
  });
});

test("a command whose connection breaks says what it knows, and that it does not know the rest", async () => {
  const done: Outcome = { tag: "done", message: null };
  const port = literalPort(WEBS, { ask: (name) => (name === "db" ? new Promise(() => {}) : Promise.resolve(done)) });
  await using server = serveTemporarily(port);
  // It passes on what the server says, up to the first that is decided.
  const broken = Bun.serve({
    unix: `${server.directory}/broken.sock`,
    async fetch(request) {
      const answer = await server.fetch(PATH, { method: "POST", body: await request.text() });
      let text = "";
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString();
        if (text.includes("done")) break;
      }
      return new Response(text);
    },
  });
  const world = literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: `${server.directory}/run` } });
  mkdirSync(`${server.directory}/run`);
  renameSync(`${server.directory}/broken.sock`, `${server.directory}/run/control.sock`);
  const exit = await runCommand(["stop", "web-1", "db"], world);
  await broken.stop(true);
  expect([exit, world.written.out]).toEqual([1, "web-1: stopped (pid 1234)\n"]);
  expect(world.written.err).toContain("the connection broke before the answer came");
});
