import type { AskAnswer } from "../control/protocol.ts";
import { onOneLine } from "./render-text.ts";

export interface AnswerWords {
  readonly name: string;
  /** "start". */
  readonly verb: string;
  /** What it is called once it has happened: "started". */
  readonly past: string;
}

/** What came of a request, as one line: "web: started (pid 12)" or `cannot start "web": exited 1`. */
export function renderAnswer(answer: AskAnswer, { name, verb, past }: AnswerWords): string {
  const message = answer.message === null ? "" : onOneLine(answer.message);
  if (answer.result !== "done")
    return `cannot ${verb} ${JSON.stringify(name)}: ${message === "" ? answer.result : message}`;
  const { service } = answer;
  const isUnmet = (verb === "start" || verb === "restart") && service?.state === "down" && message !== "";
  if (isUnmet) return `${onOneLine(name)}: not started: ${message}`;
  // After a start the state is news only if nothing runs: a oneshot is done.
  const detail =
    service === null || service.state === "down"
      ? ""
      : service.pid === null
        ? ` (${service.state})`
        : ` (pid ${service.pid})`;
  return `${onOneLine(name)}: ${past}${detail}${message === "" ? "" : `: ${message}`}`;
}
