import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { problemDetails } from "../../src/control/protocol.ts";
import { ROUTE_NAMES, ROUTES } from "../../src/control/routes.ts";
import { createControlServer } from "../../src/control/server.ts";
import { literalPort, viewOf } from "./literal-port.ts";
import { soundValue } from "./sound-value.ts";

const LIMITS = { access: "operate", mostWaiting: 10, mostStreams: 10 } as const;

const name = fc.oneof(fc.constantFrom("web", "db", "*", "..", ""), fc.string({ unit: "binary", maxLength: 12 }));
const path = fc.oneof(
  fc.tuple(fc.constantFrom(...ROUTE_NAMES), name, name).map(([route, first, second]) => {
    let count = 0;
    return ROUTES[route].path.replace(/:\w+/g, () => encodeURIComponent(count++ === 0 ? first : second));
  }),
  fc.string({ unit: "grapheme-ascii", maxLength: 30 }).map((text) => `/${text}`),
  fc.constantFrom("/v1/services/%ff", "/v1/services/%", "//", "/v1/services/../..", "/%2e%2e/%00"),
);
const member = fc.constantFrom(
  "wait",
  "timeout",
  "signal",
  "services",
  "verb",
  "instances",
  "dry_run",
  "__proto__",
  "x",
);
const parameter = fc.constantFrom("name", "lines", "follow", "after", "heartbeat", "since", "grep", "limit", "x");
const query = fc.dictionary(parameter, fc.oneof(fc.constantFrom("1", "-1", "true", "", "1e9", "*"), fc.string()), {
  maxKeys: 3,
});
const body = fc.oneof(
  fc.constant(""),
  fc.dictionary(member, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }).map((value) => JSON.stringify(value)),
  fc.json({ maxDepth: 3 }),
  fc.string(),
);

test("whatever is asked, the answer is a sound one or a problem that says why, and never a bug", async () => {
  const reports: string[] = [];
  const server = createControlServer(literalPort([viewOf("web"), viewOf("db")]), {
    ...LIMITS,
    report: (message) => reports.push(message),
  });
  const methods = fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS");
  await fc.assert(
    fc.asyncProperty(fc.record({ method: methods, where: path, asked: query, said: body }), async (request) => {
      const { method, where, asked, said } = request;
      const url = new URL(`http://daemonsup${where.replace(/[#?]/g, "")}`);
      url.search = new URLSearchParams(asked).toString();
      const hasBody = method !== "GET" && method !== "HEAD";
      const response = await server.fetch(new Request(url.href, { method, ...(hasBody ? { body: said } : {}) }));
      expect([reports, response.status === 500]).toEqual([[], false]);
      if (response.ok) return await response.body?.cancel();
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const problem = soundValue(problemDetails, await response.json());
      expect(problem.status).toBe(response.status);
      expect(problem.detail).toMatch(/^cannot [a-zA-Z]/);
      expect(problem.detail.length + problem.instance.length).toBeLessThan(4_000);
    }),
    { numRuns: 1_500 },
  );
  server.close();
}, 30_000);
