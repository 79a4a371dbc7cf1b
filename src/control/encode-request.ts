import type { Question } from "./client.ts";
import { REQUEST_HEADER } from "./request-identity.ts";
import { pathOf, type RouteName, ROUTES } from "./routes.ts";

/** The question as a request of HTTP/1.1, the only one on its connection. */
export function encodeRequest<R extends RouteName>({
  route,
  name,
  run,
  query,
  body,
  identity,
}: Question<R>): Uint8Array {
  const { method } = ROUTES[route];
  const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
  let head = `${method} ${pathOf(route, name, run)}${search} HTTP/1.1\r\nhost: daemonsup\r\nconnection: close\r\n`;
  if (identity !== undefined) head += `${REQUEST_HEADER}: ${identity}\r\n`;
  const encoder = new TextEncoder();
  if (method === "GET") return encoder.encode(`${head}\r\n`);
  const text = body === undefined ? "" : JSON.stringify(body);
  // In bytes, which may be more than characters.
  const length = encoder.encode(text).length;
  if (body !== undefined) head += "content-type: application/json\r\n";
  return encoder.encode(`${head}content-length: ${length}\r\n\r\n${text}`);
}
