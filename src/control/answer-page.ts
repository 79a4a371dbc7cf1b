import type { LogLine } from "./control-port.ts";
import type { Call } from "./handlers.ts";
import { noSuchService } from "./no-such-service.ts";
import { pageQuery } from "./page-protocol.ts";
import { readQuery } from "./read-request.ts";

/** What holds the output may lie on a disk that does not answer: then the rest is shown without it, after so many milliseconds. */
const LINES_WITHIN_MS = 1_000;

/** One service with all that is shown on one screen, so that nobody has to ask three times. */
export async function answerPage(call: Call): Promise<Response> {
  const query = readQuery(call.url.searchParams, pageQuery);
  if (query.tag === "refused") return query.response;
  const { name, port } = call;
  const past = port.logs(name, query.value.lines);
  const [lines] = await Promise.all([past === null ? [] : inTime(past), port.look(name)]);
  const service = port.service(name);
  const details = port.details(name);
  if (service === null || details === null) return noSuchService(call, "show");
  return Response.json({ service, details, lines });
}

/** null: it took too long. */
async function inTime(lines: Promise<readonly LogLine[]>): Promise<readonly LogLine[] | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), LINES_WITHIN_MS);
  try {
    return await Promise.race([lines, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
