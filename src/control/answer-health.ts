/* What load balancers, container runtimes and those who draw curves ask. */
import type { Call } from "./handlers.ts";
import { problemResponse } from "./problem.ts";
import { refuseQuery } from "./read-request.ts";
import { METRICS_TYPES, type MetricsForm, renderMetrics } from "./render-metrics.ts";

/** More services that are not well are only counted. */
const MOST_NAMED = 100;

export async function showMetrics({ port, request, url }: Call): Promise<Response> {
  const refused = refuseQuery(url.searchParams);
  if (refused !== null) return refused;
  const form = formFor(request.headers.get("accept") ?? "");
  return new Response(renderMetrics(await port.metrics(), form), { headers: { "content-type": METRICS_TYPES[form] } });
}

/** OpenMetrics, unless only the older format is understood. */
function formFor(accept: string): MetricsForm {
  return accept.includes("text/plain") && !accept.includes("openmetrics") ? "prometheus" : "openmetrics";
}

/** That it answers is the answer. */
export function showHealth({ url }: Call): Response {
  return refuseQuery(url.searchParams) ?? Response.json({ status: "ok" });
}

export function showReadiness({ port, url }: Call): Response {
  const refused = refuseQuery(url.searchParams);
  if (refused !== null) return refused;
  const unwell = port.unwell();
  if (unwell.length === 0) return Response.json({ status: "ok" });
  const problems = unwell
    .slice(0, MOST_NAMED)
    .map(({ name, state, message }) => `${name}: ${state}${message === null ? "" : `: ${message}`}`);
  const count = unwell.length === 1 ? "1 service is" : `${unwell.length} services are`;
  return problemResponse("not-ready", `cannot say that all is up: ${count} not`, { problems });
}
