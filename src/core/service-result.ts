import type { RestartPolicy } from "./definition.ts";
import type { Exit } from "./exit.ts";
import { isSuccess } from "./judge-exit.ts";
import type { Ending } from "./service-state.ts";
import { millis } from "./units.ts";

/** How a run ended, for hooks, in the words of systemd.exec(5) ($SERVICE_RESULT); "unhealthy" is our own. */
export interface ServiceResult {
  readonly result:
    "success" | "timeout" | "exit-code" | "signal" | "core-dump" | "watchdog" | "oom-kill" | "resources" | "unhealthy";
  /** $EXIT_CODE and $EXIT_STATUS; null if no process has ended. */
  readonly exit: { readonly code: "exited" | "killed" | "dumped"; readonly status: string } | null;
}

/** `ending`: how it was judged, null if it was asked to end. `last`: the exit of its main process, null if it had none. */
export function serviceResultOf(ending: Ending | null, last: Exit | null, policy: RestartPolicy): ServiceResult {
  // Of a run that never began there is no exit: the last one is that of an earlier run.
  const exit = ending?.result === "before-start" ? null : (ending?.exit ?? last);
  return { result: resultOf(ending, exit, policy), exit: exit === null ? null : exitOf(exit) };
}

function resultOf(ending: Ending | null, exit: Exit | null, policy: RestartPolicy): ServiceResult["result"] {
  switch (ending?.result) {
    case "timeout":
    case "watchdog":
    case "unhealthy":
      return ending.result;
    case "before-start":
    case "after-start":
      return "exit-code";
    case "oom":
      return "oom-kill";
    case "exit":
    case undefined:
      break;
  }
  if (exit === null) return ending === null ? "success" : "resources";
  if (isSuccess({ exit, result: "exit", length: millis(0), reason: "" }, policy)) return "success";
  if (exit.tag !== "signal") return "exit-code";
  return exit.dumped ? "core-dump" : "signal";
}

function exitOf(exit: Exit): ServiceResult["exit"] {
  switch (exit.tag) {
    case "code":
      return { code: "exited", status: String(exit.code) };
    case "signal":
      return { code: exit.dumped ? "dumped" : "killed", status: exit.signal.replace(/^SIG/, "") };
    case "unknown":
      return null;
  }
}
