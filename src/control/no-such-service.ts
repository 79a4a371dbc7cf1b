import type { Verb } from "./control-port.ts";
import type { Call, FirstPort } from "./handlers.ts";
import { problemResponse, quote } from "./problem.ts";
import { missingWordsOf } from "./select-services.ts";

/** The answer about a service that there is not, with the name that may have been meant. */
export function noSuchService(call: Pick<Call<FirstPort>, "name" | "port">, verb: Verb | "signal" | "show"): Response {
  const reason = missingWordsOf(call.name, {
    services: () => call.port.names(),
    templates: () => call.port.templates(),
  });
  return problemResponse("no-such-service", `cannot ${verb} ${quote(call.name)}: ${reason}`);
}
