import { expect, test } from "bun:test";
import type { ControlPort } from "../../src/control/control-port.ts";
import { createControlServer } from "../../src/control/server.ts";
import { literalPort, viewOf } from "./literal-port.ts";

const OPTIONS = { access: "operate", mostStreams: 1, mostWaiting: 1, report: () => undefined } as const;

/** false: it has not been answered, and nothing more is done in this turn. */
async function isAnswered(...asked: readonly Promise<unknown>[]): Promise<boolean> {
  const turn = Promise.withResolvers<boolean>();
  setImmediate(() => turn.resolve(false));
  return await Promise.race([...asked.map((each) => each.then(() => true)), turn.promise]);
}

function ask(path: string, method = "GET"): Request {
  return new Request(`http://daemonsup${path}`, { method });
}

test("until everything is there, states are told as they were left, and all else waits", async () => {
  const coming = Promise.withResolvers<ControlPort>();
  const first = literalPort([viewOf("web", { pid: 1 }), viewOf("db", { pid: 1 })]);
  const server = createControlServer({ first: () => first, whole: coming.promise }, OPTIONS);
  const services = (await (await server.fetch(ask("/v1/services"))).json()) as readonly { readonly pid: number }[];
  expect(services.map(({ pid }) => pid)).toEqual([1, 1]);
  expect(await (await server.fetch(ask("/v1/services/web"))).json()).toMatchObject({ name: "web", pid: 1 });
  expect((await server.fetch(ask("/v1/services/wbe"))).status).toBe(404);
  const waiting = ["/v1/version", "/v1/graph", "/v1/services/web/details", "/healthz"].map((path) =>
    server.fetch(ask(path)),
  );
  const stop = server.fetch(ask("/v1/services/web/stop", "POST"));
  expect(await isAnswered(...waiting, stop)).toBe(false);
  // So nobody takes them for requests that could be answered before.
  expect(server.waitingCount()).toBe(waiting.length + 1);
  coming.resolve(literalPort([viewOf("web", { pid: 2 })]));
  for (const response of await Promise.all([...waiting, stop])) expect(response.status).toBe(200);
  expect(server.waitingCount()).toBe(0);
  expect(await (await server.fetch(ask("/v1/services/web"))).json()).toMatchObject({ pid: 2 });
});

test("where nothing was left, everything waits", async () => {
  const coming = Promise.withResolvers<ControlPort>();
  const server = createControlServer({ first: () => null, whole: coming.promise }, OPTIONS);
  const asking = server.fetch(ask("/v1/services"));
  expect(await isAnswered(asking)).toBe(false);
  coming.resolve(literalPort([viewOf("web")]));
  expect(await (await asking).json()).toEqual([viewOf("web")]);
});
