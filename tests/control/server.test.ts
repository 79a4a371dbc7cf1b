import { expect, test } from "bun:test";
import * as protocol from "../../src/control/protocol.ts";
import type { Outcome, ScaleOutcome } from "../../src/control/control-port.ts";
import { eventOf, literalPort, viewOf } from "./literal-port.ts";
import { soundValue } from "./sound-value.ts";
import { createControlServer, MAX_WAITING } from "../../src/control/server.ts";
import { serveTemporarily, until } from "./temporary-server.ts";

const JSON_HEADERS = { "content-type": "application/json" };

function post(body: unknown): RequestInit {
  return { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), headers: JSON_HEADERS };
}

test("the services are shown as they are, all or those that a glob names", async () => {
  const views = [viewOf("db"), viewOf("web-1"), viewOf("web-2", { state: "failed", pid: null, message: "exited 1" })];
  await using server = serveTemporarily(literalPort(views));
  expect(await (await server.fetch("/v1/services")).json()).toEqual(views);
  expect(await (await server.fetch("/v1/services?name=web-*")).json()).toEqual(views.slice(1));
  expect(await (await server.fetch("/v1/services/db")).json()).toEqual(views[0]);
});

test("only the services that are asked for are put together, and only their files are looked at", async () => {
  const shown: string[] = [];
  const looks: (string | null)[] = [];
  const port = literalPort([], {
    look(name) {
      looks.push(name);
      return Promise.resolve();
    },
    services(isWanted = () => true) {
      const names = ["db", "web-1", "web-2"].filter(isWanted);
      shown.push(...names);
      return names.map((name) => viewOf(name));
    },
  });
  await using server = serveTemporarily(port);
  await server.fetch("/v1/services?name=web-2");
  await server.fetch("/v1/services?name=d*");
  await server.fetch("/v1/services/nope");
  expect(shown).toEqual(["web-2", "db"]);
  expect(looks).toEqual(["web-2", null, "nope"]);
});

test("what a template cannot be scaled for is told like everything else", async () => {
  const outcomes: ScaleOutcome[] = [
    { tag: "no-such-template", template: "wbe", known: ["web"] },
    { tag: "invalid", problems: ["a:1:1: cannot parse"] },
    { tag: "refused", message: "the supervisor is shutting down" },
  ];
  const port = literalPort([], { scale: () => Promise.resolve(outcomes.shift() ?? { tag: "refused", message: "" }) });
  await using server = serveTemporarily(port);
  const answers = [];
  for (let count = outcomes.length; count > 0; count--) {
    const response = await server.fetch("/v1/templates/wbe/scale", post({ instances: count }));
    const { detail, exit, problems } = soundValue(protocol.problemDetails, await response.json());
    answers.push([response.status, exit, detail, problems]);
  }
  expect(answers).toEqual([
    [404, 5, 'cannot scale "wbe": no such template (did you mean "web"?)', []],
    [422, 6, 'cannot scale "wbe": the configuration is invalid, nothing was changed', ["a:1:1: cannot parse"]],
    [409, 1, 'cannot scale "wbe": the supervisor is shutting down', []],
  ]);
  for (const instances of [-1, 1001, 1.5, "2", undefined])
    expect((await server.fetch("/v1/templates/web/scale", post({ instances }))).status).toBe(400);
});

test("a glob made to be slow is answered at once", async () => {
  const views = Array.from({ length: 200 }, (_, index) => viewOf(`${"a".repeat(100)}${index}`));
  await using server = serveTemporarily(literalPort(views));
  const response = await server.fetch(`/v1/services?name=${"*a".repeat(100)}b`);
  expect(await response.json()).toEqual([]);
});

test("every answer is as the protocol describes it", async () => {
  await using server = serveTemporarily(
    literalPort([
      viewOf("web", { last_exit: { at: "x", code: null, signal: "SIGKILL", reason: "killed by SIGKILL" } }),
    ]),
  );
  const answers = [
    [await server.fetch("/v1/services/web"), protocol.serviceView],
    [await server.fetch("/v1/version"), protocol.versionView],
    [await server.fetch("/v1/services/web/start", post({})), protocol.askAnswer],
    [await server.fetch("/v1/services/web/signal", post({ signal: "hup" })), protocol.askAnswer],
    [await server.fetch("/v1/reload", post({ dry_run: true })), protocol.reloadAnswer],
    [await server.fetch("/v1/graph"), protocol.graphView],
    [await server.fetch("/v1/templates/web/scale", post({ instances: 2 })), protocol.scaleAnswer],
    [await server.fetch("/v1/shutdown", post({})), protocol.askAnswer],
    [await server.fetch("/v1/services/nope"), protocol.problemDetails],
  ] as const;
  for (const [response, shape] of answers) soundValue(shape, await response.json());
  soundValue(protocol.eventView, eventOf(1));
  const lines = await (await server.fetch("/v1/services/web/logs?lines=2")).text();
  for (const line of lines.trim().split("\n")) soundValue(protocol.logLine, JSON.parse(line));
});

test("each verb reaches the supervisor with what was asked of it", async () => {
  const seen: unknown[] = [];
  const port = literalPort([viewOf("web")], {
    ask: (name, verb, options) => {
      seen.push([name, verb, options]);
      return Promise.resolve({ tag: "done", message: null });
    },
  });
  await using server = serveTemporarily(port);
  for (const verb of ["start", "stop", "restart", "reload", "reset"])
    await server.fetch(`/v1/services/web/${verb}`, { method: "POST" });
  await server.fetch("/v1/services/web/start", post({ wait: false, timeout: 1500 }));
  const request = "0123456789abcdef".repeat(2);
  for (const written of [request, `${request}0`])
    await server.fetch("/v1/services/web/stop", { method: "POST", headers: { "daemonsup-request": written } });
  const usual = { wait: true, timeout: null, request: null };
  expect(seen).toEqual([
    ["web", "start", usual],
    ["web", "stop", usual],
    ["web", "restart", usual],
    ["web", "reload", usual],
    ["web", "reset", usual],
    ["web", "start", { wait: false, timeout: 1500, request: null }],
    ["web", "stop", { ...usual, request }],
    ["web", "stop", usual],
  ]);
});

const outcomes: readonly Outcome[] = [
  { tag: "done", message: "was up already" },
  { tag: "failed", message: "exited 1" },
  { tag: "overtaken", message: "overtaken by stop" },
  { tag: "timed-out", message: "still starting after 1s" },
];

test.each(outcomes)("an outcome is told with the service as it is then: %p", async (outcome) => {
  await using server = serveTemporarily(literalPort([viewOf("web")], { ask: () => Promise.resolve(outcome) }));
  const response = await server.fetch("/v1/services/web/start", post({}));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ result: outcome.tag, message: outcome.message, service: viewOf("web") });
});

test("names with odd characters are looked up as they are, and an unknown one is told with the nearest", async () => {
  const odd = 'a b/../%"\n?#é';
  await using server = serveTemporarily(literalPort([viewOf(odd), viewOf("worker")]));
  const path = `/v1/services/${encodeURIComponent(odd)}`;
  expect(await (await server.fetch(path)).json()).toEqual(viewOf(odd));
  const response = await server.fetch("/v1/services/wroker/start", post({}));
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    status: 404,
    exit: 5,
    detail: 'cannot start "wroker": no such service (did you mean "worker"?)',
  });
});

const refused: readonly (readonly [string, string, RequestInit, number, string])[] = [
  ["an unknown path", "/v1/nothing", {}, 404, "no such path"],
  ["the wrong method", "/v1/services", { method: "DELETE" }, 405, 'cannot DELETE "/v1/services": want GET, HEAD, POST'],
  ["a body that is no JSON", "/v1/services/web/start", post("{"), 400, "not JSON"],
  ["a body that is no object", "/v1/services/web/start", post([]), 400, "cannot read the request"],
  ["an unknown member", "/v1/services/web/start", post({ timout: 1 }), 400, '"timout" (did you mean "timeout"?)'],
  ["a member of the wrong type", "/v1/services/web/start", post({ wait: "yes" }), 400, '"wait"'],
  ["a time-out below a millisecond", "/v1/services/web/start", post({ timeout: 0 }), 400, '"timeout"'],
  ["a time-out beyond a day", "/v1/services/web/start", post({ timeout: 1e15 }), 400, '"timeout"'],
  ["a prototype", "/v1/services/web/start", post('{"__proto__":{"wait":false}}'), 400, "__proto__"],
  ["deep nesting", "/v1/services/web/start", post("[".repeat(8000)), 400, "not JSON"],
  ["no signal", "/v1/services/web/signal", post({}), 400, '"signal"'],
  ["a signal that is none", "/v1/services/web/signal", post({ signal: "SIGFOO" }), 400, "SIGFOO"],
  ["too many lines", "/v1/services/web/logs?lines=10001", {}, 400, '"lines"'],
  ["lines that are no number", "/v1/services/web/logs?lines=-1", {}, 400, '"lines"'],
  ["an unknown query", "/v1/services?nmae=x", {}, 400, '"nmae" (did you mean "name"?)'],
  ["a query given twice", "/v1/services?name=a&name=b", {}, 400, "twice"],
  ["a name that is no UTF-8", "/v1/services/%ff", {}, 400, "UTF-8"],
  ["a query where none goes", "/v1/version?x=1", {}, 400, '"x"'],
];

test.each(refused)("%s is refused with a reason", async (...[, path, init, status, reason]) => {
  const port = literalPort([viewOf("web")]);
  await using server = serveTemporarily(port);
  const response = await server.fetch(path, init);
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = soundValue(protocol.problemDetails, await response.json());
  expect(problem.instance).toBe(path.replace(/\?.*/, ""));
  expect(problem.detail).toContain(reason);
  expect(problem.status).toBe(status);
  expect(port.asked).toEqual([]);
  expect(server.reports).toEqual([]);
});

test("a socket for those who may only look refuses to change anything", async () => {
  const port = literalPort([viewOf("web")]);
  await using server = serveTemporarily(port, { access: "read" });
  expect((await server.fetch("/v1/services")).status).toBe(200);
  for (const path of ["/v1/services/web/start", "/v1/services/web/signal", "/v1/reload", "/v1/shutdown"]) {
    const response = await server.fetch(path, post({}));
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ exit: 4 });
  }
  expect(port.asked).toEqual([]);
});

test("an invalid configuration is told with every problem and the exit status of check", async () => {
  const problems = ["services.d/web.toml:1:1: cannot parse", "services.d/db.toml:2:2: cannot parse"];
  await using server = serveTemporarily(
    literalPort([], { reload: () => Promise.resolve({ tag: "invalid", problems }) }),
  );
  const response = await server.fetch("/v1/reload", { method: "POST" });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ exit: 6, problems });
});

test("a bug behind the port is reported, answered with internal error, and shows no source", async () => {
  const port = literalPort([viewOf("web")], {
    services: () => {
      throw new Error("secret reason");
    },
    ask: () => Promise.reject(new Error("another")),
  });
  await using server = serveTemporarily(port);
  for (const response of [await server.fetch("/v1/services"), await server.fetch("/v1/services/web/start", post({}))]) {
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain("internal error");
    expect(text).not.toMatch(/secret|another|\.ts/);
  }
  expect(server.reports).toHaveLength(2);
  expect((await server.fetch("/v1/version")).status).toBe(200);
});

test("a caller that goes away ends its wait and not what it asked for", async () => {
  const decided = Promise.withResolvers<Outcome>();
  let isAsked = false;
  const port = literalPort([viewOf("web")], {
    ask: () => {
      isAsked = true;
      return decided.promise;
    },
  });
  await using server = serveTemporarily(port);
  const controller = new AbortController();
  const gone = server
    .fetch("/v1/services/web/start", { ...post({}), signal: controller.signal })
    .catch((error: unknown) => String(error));
  await until(() => isAsked);
  controller.abort();
  expect(await gone).toContain("AbortError");
  const stays = server.fetch("/v1/services/web/start", post({}));
  expect((await server.fetch("/v1/version")).status).toBe(200);
  decided.resolve({ tag: "done", message: "at last" });
  expect(await (await stays).json()).toMatchObject({ result: "done", message: "at last" });
  expect(server.reports).toEqual([]);
});

test("a server that ends tells those who wait", async () => {
  let isAsked = false;
  const port = literalPort([viewOf("web")], {
    ask: () => {
      isAsked = true;
      return new Promise<Outcome>(() => {});
    },
  });
  await using server = serveTemporarily(port);
  const waiting = server.fetch("/v1/services/web/start", post({}));
  await until(() => isAsked);
  await server.close();
  expect(await (await waiting).json()).toMatchObject({ result: "failed", message: "the supervisor ends" });
});

test("beyond so many waits a request is carried out, but not waited for", async () => {
  const decided = Promise.withResolvers<Outcome>();
  let asked = 0;
  const port = literalPort([viewOf("web")], {
    ask() {
      asked++;
      return decided.promise;
    },
  });
  const server = createControlServer(port, {
    access: "operate",
    report: () => {},
    mostWaiting: MAX_WAITING,
    mostStreams: 1,
  });
  const start = (): Promise<Response> => server.fetch(new Request("http://daemonsup/v1/services/web/start", post({})));
  const waiting = Array.from({ length: MAX_WAITING }, start);
  await until(() => asked === MAX_WAITING);
  expect(await (await start()).json()).toMatchObject({
    result: "failed",
    message: expect.stringContaining("not waited for"),
  });
  decided.resolve({ tag: "done", message: null });
  for (const response of await Promise.all(waiting)) expect(response.status).toBe(200);
  expect(await (await start()).json()).toMatchObject({ result: "done" });
  expect(asked).toBe(MAX_WAITING + 2);
});

test("a load balancer is told that the supervisor answers, and whether all that is wanted is up", async () => {
  const unwell = [
    { name: "db", state: "backoff", message: "exited 1" },
    { name: "web", state: "starting", message: null },
  ] as const;
  let now: readonly (typeof unwell)[number][] = [];
  await using server = serveTemporarily(literalPort([], { unwell: () => now }));
  for (const path of ["/healthz", "/readyz"]) {
    const response = await server.fetch(path);
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
  }
  now = unwell;
  expect((await server.fetch("/healthz")).status).toBe(200);
  const response = await server.fetch("/readyz");
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    detail: "cannot say that all is up: 2 services are not",
    problems: ["db: backoff: exited 1", "web: starting"],
    exit: 3,
  });
});

test("metrics are OpenMetrics unless only the older format is accepted", async () => {
  await using server = serveTemporarily(literalPort([]));
  const typeFor = async (accept: string): Promise<string | null> =>
    (await server.fetch("/metrics", { headers: { accept } })).headers.get("content-type");
  const prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
  for (const accept of ["*/*", prometheus]) expect(await typeFor(accept)).toStartWith("application/openmetrics-text");
  expect(await typeFor("text/plain")).toBe("text/plain; version=0.0.4; charset=utf-8");
});

test("an answer is told when it begins and when it is over, so that what it took can be given back", async () => {
  let told = 0;
  await using server = serveTemporarily(literalPort([viewOf("web")], { answering: () => void told++ }));
  await server.fetch("/v1/version");
  expect(told).toBe(2);
  await server.fetch("/v1/nothing");
  expect(told).toBe(4);
  const stream = new AbortController();
  await server.fetch("/v1/events", { signal: stream.signal });
  expect(told).toBe(6);
  stream.abort();
  await until(() => told === 7);
});
