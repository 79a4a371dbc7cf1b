import { expect, test } from "bun:test";
import { literalPort, viewOf } from "./literal-port.ts";
import { serveTemporarily } from "./temporary-server.ts";

/** By itself the runtime cuts a connection on which nothing moves after 12 s. */
const LONGER_THAN_THE_RUNTIME_LIKES_MS = 13_500;

test("a service that takes long to start is waited for", async () => {
  const port = literalPort([viewOf("web")], {
    ask: async () => {
      await Bun.sleep(LONGER_THAN_THE_RUNTIME_LIKES_MS);
      return { tag: "done", message: null };
    },
  });
  await using server = serveTemporarily(port);
  const response = await server.fetch("/v1/services/web/start", { method: "POST" });
  expect(await response.json()).toMatchObject({ result: "done" });
}, 30_000);
