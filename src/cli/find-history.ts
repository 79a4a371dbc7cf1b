import { ask, type Refusal, type Reply } from "../control/client.ts";
import { EXIT } from "../core/exit-statuses.ts";
import type { HistoryAnswer, HistoryQuestion } from "../core/history-view.ts";
import { historyFileOf } from "../core/paths.ts";
import type { CommandCall } from "./command.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { placesOf } from "./find-supervisor.ts";

/** Asks the supervisor; where none is running, reads the file that the last one has left, and says so. */
export async function askHistory(call: CommandCall, question: HistoryQuestion): Promise<HistoryAnswer | Refusal> {
  const reply = await askSupervisor(call, question);
  if (reply.tag === "ok") return reply.value;
  if (reply.why !== "not-running") return reply;
  const file = fileOf(call);
  if (file === null)
    return { ...reply, message: `${reply.message} (with --state-dir, what the last one has left is read)` };
  const answer = await call.world.readHistory(file, question);
  if (answer === null) return reply;
  if (answer.tag !== "failed")
    call.world.stderr.write("no supervisor is running: this is what the last one has left\n");
  return answer;
}

async function askSupervisor({ place }: CommandCall, question: HistoryQuestion): Promise<Reply<HistoryAnswer>> {
  const patience = ANSWER_WITHIN;
  switch (question.tag) {
    case "list": {
      const { patterns, since, most } = question;
      const query = {
        lines: String(most),
        ...(patterns.length === 0 ? {} : { name: patterns.join(",") }),
        ...(since === null ? {} : { since: new Date(since).toISOString() }),
      };
      const reply = await ask(place, { route: "history", name: null, query, patience });
      return reply.tag === "ok" ? { tag: "ok", value: { tag: "list", ...reply.value } } : reply;
    }
    case "runs": {
      const reply = await ask(place, { route: "runs", name: question.service, patience });
      return reply.tag === "ok" ? { tag: "ok", value: { tag: "runs", runs: reply.value } } : reply;
    }
    case "report": {
      const { service, run } = question;
      const reply = await ask(place, { route: "report", name: service, run: String(run), patience });
      return reply.tag === "ok" ? { tag: "ok", value: { tag: "report", report: reply.value, newest: null } } : reply;
    }
  }
}

/** null: it cannot be told, as only the runtime directory is known. */
function fileOf({ given, world }: CommandCall): string | null {
  const [name, stateDir] = [given.valueOf("name"), given.valueOf("state-dir")];
  const isElsewhere =
    given.valueOf("runtime-dir") !== null || (name === null && world.env["DAEMONSUP_RUNTIME_DIR"] !== undefined);
  if (stateDir === null && isElsewhere) return null;
  return historyFileOf(placesOf({ name, runtimeDir: null, stateDir, logDir: null }, world).state);
}

export function exitOf(answer: Refusal | Extract<HistoryAnswer, { tag: "failed" }>): number {
  return answer.tag === "refused" ? answer.exit : EXIT.failed;
}
