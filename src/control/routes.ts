/** What a caller may do: "read" shows, "operate" changes. Each socket is opened for one level. */
export type Access = "read" | "operate";

export interface Route {
  readonly method: "GET" | "POST";
  /** A segment that begins with a colon stands for anything: ":name" for a percent-encoded service name. */
  readonly path: string;
  /** The protocol version that brought it. */
  readonly since: number;
  readonly access: Access;
}

/** Append only; a path is never given another meaning. Versions: 1: first release. */
export const ROUTES = {
  services: { method: "GET", path: "/v1/services", since: 1, access: "read" },
  service: { method: "GET", path: "/v1/services/:name", since: 1, access: "read" },
  start: { method: "POST", path: "/v1/services/:name/start", since: 1, access: "operate" },
  stop: { method: "POST", path: "/v1/services/:name/stop", since: 1, access: "operate" },
  restart: { method: "POST", path: "/v1/services/:name/restart", since: 1, access: "operate" },
  reload: { method: "POST", path: "/v1/services/:name/reload", since: 1, access: "operate" },
  reset: { method: "POST", path: "/v1/services/:name/reset", since: 1, access: "operate" },
  signal: { method: "POST", path: "/v1/services/:name/signal", since: 1, access: "operate" },
  logs: { method: "GET", path: "/v1/services/:name/logs", since: 1, access: "read" },
  events: { method: "GET", path: "/v1/events", since: 1, access: "read" },
  reloadAll: { method: "POST", path: "/v1/reload", since: 1, access: "operate" },
  shutdown: { method: "POST", path: "/v1/shutdown", since: 1, access: "operate" },
  version: { method: "GET", path: "/v1/version", since: 1, access: "read" },
  graph: { method: "GET", path: "/v1/graph", since: 1, access: "read" },
  scale: { method: "POST", path: "/v1/templates/:name/scale", since: 1, access: "operate" },
  metrics: { method: "GET", path: "/metrics", since: 1, access: "read" },
  healthz: { method: "GET", path: "/healthz", since: 1, access: "read" },
  readyz: { method: "GET", path: "/readyz", since: 1, access: "read" },
  openapi: { method: "GET", path: "/openapi.json", since: 1, access: "read" },
  act: { method: "POST", path: "/v1/services", since: 1, access: "operate" },
  usage: { method: "GET", path: "/v1/usage", since: 1, access: "read" },
  details: { method: "GET", path: "/v1/services/:name/details", since: 1, access: "read" },
  runs: { method: "GET", path: "/v1/services/:name/runs", since: 1, access: "read" },
  history: { method: "GET", path: "/v1/history", since: 1, access: "read" },
  report: { method: "GET", path: "/v1/history/:name/:run", since: 1, access: "read" },
  output: { method: "GET", path: "/v1/logs", since: 1, access: "read" },
  upgrade: { method: "POST", path: "/v1/upgrade", since: 1, access: "operate" },
  page: { method: "GET", path: "/v1/services/:name/page", since: 1, access: "read" },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof ROUTES;

export const ROUTE_NAMES = Object.keys(ROUTES) as readonly RouteName[];

export type RouteMatch =
  /** `name` is null for a route that names no service. */
  | { readonly tag: "found"; readonly route: RouteName; readonly name: string | null }
  /** The path exists, but for other methods. */
  | { readonly tag: "wrong-method"; readonly allowed: readonly string[] }
  /** The service's name is not valid percent-encoded UTF-8. */
  | { readonly tag: "malformed" }
  | { readonly tag: "unknown" };

/** Finds the route of a request; `pathname` is still percent-encoded. */
export function matchRoute(method: string, pathname: string): RouteMatch {
  const given = pathname.split("/");
  const fitting = ROUTE_NAMES.filter((route) => fits(ROUTES[route].path.split("/"), given));
  if (fitting.length === 0) return { tag: "unknown" };
  const route = fitting.find((candidate) => ROUTES[candidate].method === method);
  if (route === undefined)
    return { tag: "wrong-method", allowed: fitting.map((candidate) => ROUTES[candidate].method) };
  const position = ROUTES[route].path.split("/").indexOf(":name");
  if (position === -1) return { tag: "found", route, name: null };
  try {
    return { tag: "found", route, name: decodeURIComponent(given[position] ?? "") };
  } catch {
    return { tag: "malformed" };
  }
}

/** The path of a route, with the service's name and the number of one of its runs encoded into it. */
export function pathOf(route: RouteName, name: string | null, run: string | null = null): string {
  const { path } = ROUTES[route];
  if (name === null) return path;
  const named = path.replace(":name", () => encodeURIComponent(name));
  return run === null ? named : named.replace(":run", () => encodeURIComponent(run));
}

function fits(pattern: readonly string[], given: readonly string[]): boolean {
  return (
    pattern.length === given.length &&
    pattern.every((segment, index) => (segment.startsWith(":") ? given[index] !== "" : segment === given[index]))
  );
}
