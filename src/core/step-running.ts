/* What a service does while a process of it is wanted: from the spawn to being up. */
import { type Exit } from "./exit.ts";
import type { RunEvent } from "./service-event.ts";
import { NOT_READY } from "./service-record.ts";
import { type Ending, FRESH_STREAK } from "./service-state.ts";
import {
  NAMING_TIMEOUT,
  awaitReady,
  begin,
  calledOff,
  conclude,
  ended,
  impossible,
  kill,
  lengthOf,
  overdue,
  purge,
  stay,
  sweep,
  terminate,
  withFirst,
  type Step,
  type StateOf,
  type StepContext,
} from "./transitions.ts";
import { later, millis } from "./units.ts";
import { unreachable } from "./unreachable.ts";

/** How long exec may take before the child is killed. */
const EXEC_TIMEOUT = millis(5_000);
/** An exit this soon after a relayed SIGHUP is put down to it. */
const RELAY_BLAME = millis(5_000);

export function stepLaunching(state: StateOf<"launching">, event: RunEvent, context: StepContext): Step {
  const { streak, startedAt } = state;
  switch (event.tag) {
    case "spawned":
      return begin(state, event.pid, context);
    case "exec-pending":
      return stay({ tag: "execing", streak, startedAt, pid: event.pid, killAt: later(context.now, EXEC_TIMEOUT) });
    case "spawn-failed":
      return notStarted(event.reason, state, context);
    case "start-asked":
    case "enable-asked":
    case "stop-asked":
    case "restart-asked":
    case "hold-asked":
    case "reset-asked":
    case "reload-asked":
    case "kill-asked":
    case "found-unfit":
    case "exited":
    case "named":
    case "relayed":
    case "emptied":
    case "stop-command-failed":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

/** No process came of it. */
function notStarted(reason: string, state: StateOf<"launching" | "execing">, context: StepContext): Step {
  const ending: Ending = { exit: null, result: "exit", length: lengthOf(state, context), reason };
  return conclude({ tag: "judge", ending }, state.streak, context);
}

export function stepExecing(state: StateOf<"execing">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "spawned":
      return begin(state, event.pid, context);
    case "spawn-failed":
      return notStarted(event.reason, state, context);
    case "exited":
      return ended(state, event, context);
    case "stop-asked":
      return terminate(state, { tag: "rest" }, context);
    case "restart-asked":
    case "hold-asked":
      return terminate(state, { tag: "start-anew" }, context);
    case "kill-asked":
      return kill(state, { tag: "rest" }, context);
    case "deadline-passed":
      return kill(state, { tag: "fail", reason: `exec did not return within ${EXEC_TIMEOUT / 1000}s` }, context);
    case "start-asked":
    case "enable-asked":
    case "reset-asked":
    case "reload-asked":
    case "found-unfit":
    case "emptied":
    case "stop-command-failed":
      return stay(state);
    case "exec-pending":
    case "named":
    case "relayed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

export function stepStarting(state: StateOf<"starting">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "exited":
      if (state.phase === "fork" && event.exit.tag === "code" && event.exit.code === 0)
        return awaitName(state, event, context);
      return withFirst(calledOff(state), ended(state, event, context));
    case "stop-asked":
      return terminate(state, { tag: "rest" }, context);
    case "restart-asked":
    case "hold-asked":
      return terminate(state, { tag: "start-anew" }, context);
    case "kill-asked":
      return kill(state, { tag: "rest" }, context);
    case "deadline-passed":
      return terminate(state, { tag: "judge", ending: overdue(lateWordsOf(state, context), state, context) }, context);
    case "start-asked":
    case "enable-asked":
    case "reset-asked":
    case "reload-asked":
    case "found-unfit":
    case "emptied":
    case "stop-command-failed":
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "named":
    case "relayed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

function lateWordsOf({ phase }: StateOf<"starting">, { definition, note }: StepContext): string {
  if (phase === "fork") return "the started process did not exit";
  const why = note?.startsWith(`${NOT_READY}: `) === true ? note.slice(NOT_READY.length) : "";
  return `not ready within ${(definition.ready?.timeout ?? 0) / 1000}s${why}`;
}

function awaitName(state: StateOf<"starting">, event: { exit: Exit; survivors: number }, context: StepContext): Step {
  if (event.survivors > 0) {
    return stay({
      tag: "naming",
      streak: state.streak,
      startedAt: state.startedAt,
      readyBy: state.readyBy ?? later(context.now, NAMING_TIMEOUT),
    });
  }
  const nothing = overdue("the started process exited 0 and left nothing running", state, context);
  return conclude({ tag: "judge", ending: { ...nothing, result: "exit" } }, state.streak, context);
}

export function stepNaming(state: StateOf<"naming">, event: RunEvent, context: StepContext): Step {
  const { streak, startedAt } = state;
  switch (event.tag) {
    case "named":
      return awaitReady({ streak, startedAt, pid: event.pid }, context);
    case "emptied": {
      const nobody = overdue("all its processes ended before the pid file named one", state, context);
      return conclude({ tag: "judge", ending: { ...nobody, result: "exit" } }, streak, context);
    }
    case "stop-asked":
      return sweep(streak, { tag: "rest" }, context);
    case "restart-asked":
    case "hold-asked":
      return sweep(streak, { tag: "start-anew" }, context);
    case "kill-asked":
      return purge(streak, { tag: "rest" }, context);
    case "deadline-passed":
      return sweep(
        streak,
        { tag: "judge", ending: overdue("the pid file named no live process of this service", state, context) },
        context,
      );
    case "start-asked":
    case "enable-asked":
    case "reset-asked":
    case "reload-asked":
    case "found-unfit":
    case "stop-command-failed":
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "exited":
    case "relayed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

export function stepUp(state: StateOf<"up">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "exited":
      return withFirst(
        endedByRelay(state, context) ? [{ tag: "note-ended-by-relay" }] : [],
        ended(state, event, context),
      );
    case "stop-asked":
      return terminate(state, { tag: "rest" }, context);
    case "restart-asked":
    case "hold-asked":
      return terminate(state, { tag: "start-anew" }, context);
    case "kill-asked":
      return kill(state, { tag: "rest" }, context);
    case "reload-asked":
      return reload(state, context);
    case "start-asked":
    case "enable-asked":
    case "found-unfit":
    case "emptied":
    case "stop-command-failed":
      return stay(state);
    case "relayed":
      return stay({ ...state, relayedAt: context.now });
    case "reset-asked":
      return stay({ ...state, streak: FRESH_STREAK });
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "named":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

function endedByRelay(state: StateOf<"up">, context: StepContext): boolean {
  return (
    state.relayedAt !== null &&
    later(state.relayedAt, RELAY_BLAME) >= context.now &&
    !context.definition.reload.signalIsWritten
  );
}

function reload(state: StateOf<"up">, context: StepContext): Step {
  const { action, signal, signalIsWritten } = context.definition.reload;
  switch (action) {
    case "none":
      return stay(state);
    case "restart":
      return { state, actions: [{ tag: "restart-in-order" }] };
    case "command":
      return { state, actions: [{ tag: "run-reload-command" }] };
    case "signal":
      return { state, actions: [{ tag: "relay", pid: state.pid, signal, force: signalIsWritten }] };
  }
}
