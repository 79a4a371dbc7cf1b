import { expect, test } from "bun:test";
import { matchRoute, pathOf, ROUTE_NAMES, ROUTES, type RouteMatch } from "../../src/control/routes.ts";

const cases: readonly (readonly [method: string, path: string, RouteMatch])[] = [
  ["GET", "/v1/services", { tag: "found", route: "services", name: null }],
  ["GET", "/v1/services/web", { tag: "found", route: "service", name: "web" }],
  ["POST", "/v1/services/web/start", { tag: "found", route: "start", name: "web" }],
  ["POST", "/v1/services/web%40a%2Fb/stop", { tag: "found", route: "stop", name: "web@a/b" }],
  ["GET", "/v1/services/gr%C3%BC%C3%9Fe/logs", { tag: "found", route: "logs", name: "grüße" }],
  ["POST", "/v1/reload", { tag: "found", route: "reloadAll", name: null }],
  ["POST", "/v1/services/web/reload", { tag: "found", route: "reload", name: "web" }],
  ["GET", "/v1/services/web/start", { tag: "wrong-method", allowed: ["POST"] }],
  ["DELETE", "/v1/services/web", { tag: "wrong-method", allowed: ["GET"] }],
  ["HEAD", "/v1/version", { tag: "wrong-method", allowed: ["GET"] }],
  ["GET", "/v1/services/%ff", { tag: "malformed" }],
  ["GET", "/v1/services/%zz", { tag: "malformed" }],
  ["GET", "/v1/services/", { tag: "unknown" }],
  ["GET", "/v1/services//start", { tag: "unknown" }],
  ["GET", "/v1/services/web/", { tag: "unknown" }],
  ["POST", "/v1/services/web/explode", { tag: "unknown" }],
  ["GET", "/", { tag: "unknown" }],
  ["GET", "", { tag: "unknown" }],
  ["GET", "/v2/services", { tag: "unknown" }],
];

test.each(cases)("%s %s is understood as what it is", (method, path, expected) => {
  expect(matchRoute(method, path)).toEqual(expected);
});

test("the path of a route leads back to the route and the name", () => {
  for (const route of ROUTE_NAMES) {
    const name = ROUTES[route].path.includes(":name") ? "a b/%$&'?#" : null;
    expect(matchRoute(ROUTES[route].method, pathOf(route, name, "12"))).toEqual({ tag: "found", route, name });
  }
});

test("what changes something is never open to those who may only look", () => {
  for (const route of ROUTE_NAMES)
    expect(ROUTES[route].access).toBe(ROUTES[route].method === "GET" ? "read" : "operate");
});
