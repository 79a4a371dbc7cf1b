import { expect, test } from "bun:test";
import { pageView } from "../../src/control/page-protocol.ts";
import { detailsOf, lineOf, literalPort, viewOf } from "./literal-port.ts";
import { soundValue } from "./sound-value.ts";
import { serveTemporarily } from "./temporary-server.ts";

test("a page is a service with its details and its last lines, in one answer", async () => {
  const looks: (string | null)[] = [];
  const port = literalPort([viewOf("web")], {
    look(name) {
      looks.push(name);
      return Promise.resolve();
    },
  });
  await using server = serveTemporarily(port);
  const page = soundValue(pageView, await (await server.fetch("/v1/services/web/page?lines=1")).json());
  expect(page).toEqual({ service: viewOf("web"), details: detailsOf("web"), lines: [lineOf("web", "second")] });
  // Whether its file has changed is part of what is shown.
  expect(looks).toEqual(["web"]);
});

test("a page comes without the lines if what holds them does not answer", async () => {
  await using server = serveTemporarily(
    literalPort([viewOf("web")], { logs: () => Promise.withResolvers<never>().promise }),
  );
  const page = soundValue(pageView, await (await server.fetch("/v1/services/web/page")).json());
  expect(page).toEqual({ service: viewOf("web"), details: detailsOf("web"), lines: null });
});

test("a page of a service that there is not names the one that may have been meant", async () => {
  await using server = serveTemporarily(literalPort([viewOf("web")]));
  const response = await server.fetch("/v1/services/wbe/page");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({
    detail: 'cannot show "wbe": no such service (did you mean "web"?)',
    exit: 5,
  });
});
