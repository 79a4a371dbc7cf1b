/* What the events of a service's life beyond its run do: each concerns a few states, and may always come a moment late. */
import type { Gate } from "./gate.ts";
import type { HookName } from "./life-policies.ts";
import type { LifeEvent, ServiceEvent } from "./service-event.ts";
import { type Ending, FRESH_STREAK, type ServiceState } from "./service-state.ts";
import {
  type StateOf,
  type Step,
  type StepContext,
  arrive,
  askToEnd,
  conclude,
  follow,
  launch,
  lengthOf,
  prepare,
  readsFiles,
  scopeOf,
  settle,
  spawn,
  stay,
  terminate,
} from "./transitions.ts";
import { type Instant, type Millis, later } from "./units.ts";
import { unreachable } from "./unreachable.ts";

const LIFE_EVENTS: Readonly<Record<LifeEvent["tag"], true>> = {
  gate: true,
  due: true,
  demanded: true,
  looked: true,
  "condition-unmet": true,
  "hook-ended": true,
  ready: true,
  "main-changed": true,
  "says-stopping": true,
  "extend-timeout": true,
  "watchdog-missed": true,
  "give-up": true,
  unhealthy: true,
};

export function isLifeEvent(event: ServiceEvent): event is LifeEvent {
  return event.tag in LIFE_EVENTS;
}

export function stepLife(state: ServiceState, event: LifeEvent, context: StepContext): Step {
  switch (event.tag) {
    case "gate":
      return stepGate(state, event.gate, context);
    case "due":
      return isWaitingOn(state, "schedule") ? launch(FRESH_STREAK, context, false) : stay(state);
    case "demanded":
      return isWaitingOn(state, "socket") ? launch(FRESH_STREAK, context, false) : stay(state);
    case "give-up":
      return state.tag === "waiting" ? settle({ tag: "failed", reason: event.reason }, null, context) : stay(state);
    case "looked":
      return looked(state, context);
    case "condition-unmet":
      return stay(isLooking(state, "look") ? { tag: "down", why: "condition", reason: event.reason } : state);
    case "hook-ended":
      return stepHook(state, event, context);
    case "ready":
      return state.tag === "starting" && state.phase === "ready" ? arrive(mainOf(state), context) : stay(state);
    case "main-changed":
      return stay(hasMain(state) ? { ...state, pid: event.pid } : state);
    case "says-stopping":
      return saysStopping(state, context);
    case "extend-timeout":
      return extend(state, event.by, context);
    case "watchdog-missed":
      return missed(state, event.timeout, context);
    case "unhealthy":
      return unhealthy(state, event, context);
    default:
      return unreachable(event);
  }
}

function isWaitingOn(state: ServiceState, what: StateOf<"waiting">["on"]): boolean {
  return state.tag === "waiting" && state.on === what;
}

function stepGate(state: ServiceState, gate: Gate | null, context: StepContext): Step {
  if (state.tag !== "waiting" || state.on !== "others") return stay(state);
  return gate === null ? launch(state.streak, context, state.automatic) : stay({ ...state, ...gate });
}

function isLooking(state: ServiceState, doing: StateOf<"preparing">["doing"]): state is StateOf<"preparing"> {
  return state.tag === "preparing" && state.doing === doing;
}

function looked(state: ServiceState, context: StepContext): Step {
  if (!isLooking(state, "look") && !isLooking(state, "read")) return stay(state);
  const { streak, automatic } = state;
  // What it requires may have gone meanwhile.
  if (context.gate !== null) return launch(streak, context, automatic);
  return state.doing === "look" ? prepare(streak, context, automatic) : spawn(streak, context, automatic);
}

function mainOf({ streak, startedAt, pid }: StateOf<"starting">): Pick<StateOf<"up">, "streak" | "startedAt" | "pid"> {
  return { streak, startedAt, pid };
}

function hasMain(state: ServiceState): state is StateOf<"starting" | "up" | "leaving" | "stopping"> {
  if (state.tag === "starting") return state.phase === "ready" || state.phase === "hook";
  return state.tag === "up" || state.tag === "leaving" || state.tag === "stopping";
}

function stepHook(
  state: ServiceState,
  { hook, failure }: { readonly hook: HookName; readonly failure: string | null },
  context: StepContext,
): Step {
  if (isLooking(state, "hook") && hook === "before_start") return prepared(state, failure, context);
  if (state.tag === "starting" && state.phase === "hook" && hook === "after_start") {
    if (failure === null) return stay({ tag: "up", ...mainOf(state), relayedAt: null });
    return terminate(state, { tag: "judge", ending: failed("after-start", failure, { state, context }) }, context);
  }
  if (state.tag === "leaving" && hook === "before_stop") return askToEnd(state, state.afterwards, context);
  if (state.tag === "cleaning" && hook === "after_stop") return follow(state.afterwards, state.streak, context);
  return stay(state);
}

function prepared(state: StateOf<"preparing">, failure: string | null, context: StepContext): Step {
  const { streak, automatic, afterwards } = state;
  if (afterwards !== null) return conclude(afterwards, streak, context);
  if (failure !== null)
    return conclude({ tag: "judge", ending: failed("before-start", failure, { state, context }) }, streak, context);
  if (context.gate !== null) return launch(streak, context, automatic);
  if (!readsFiles(context.definition)) return spawn(streak, context, automatic);
  return { state: { ...state, doing: "read" }, actions: [{ tag: "look", again: true }] };
}

function failed(
  result: "before-start" | "after-start",
  failure: string,
  { state, context }: { readonly state: StateOf<"preparing" | "starting">; readonly context: StepContext },
): Ending {
  return { exit: null, result, length: lengthOf(state, context), reason: `${result.replace("-", "_")} ${failure}` };
}

/** It ends by itself, and is only killed if that takes too long. */
function saysStopping(state: ServiceState, context: StepContext): Step {
  if (state.tag !== "up" && state.tag !== "starting") return stay(state);
  const { streak, startedAt, pid } = state;
  const scope = scopeOf(state, context.definition);
  const until = later(context.now, context.definition.stop.timeout);
  return stay({
    tag: "stopping",
    streak,
    startedAt,
    pid,
    scope,
    force: "asked",
    until,
    afterwards: { tag: "judge-exit" },
  });
}

function latest(left: Instant, right: Instant): Instant {
  return left > right ? left : right;
}

/** It is only ever given more time than it had. */
function extend(state: ServiceState, by: Millis, context: StepContext): Step {
  const until = later(context.now, by);
  if (state.tag === "starting" && state.readyBy !== null)
    return stay({ ...state, readyBy: latest(state.readyBy, until) });
  if (state.tag === "stopping" && state.force === "asked") return stay({ ...state, until: latest(state.until, until) });
  return stay(state);
}

/** SIGABRT, so that it leaves a core to look at; SIGKILL after the stop timeout. */
function missed(state: ServiceState, timeout: Millis | null, context: StepContext): Step {
  if (state.tag !== "up") return stay(state);
  const { streak, startedAt, pid } = state;
  const { stop } = context.definition;
  const reason = timeout === null ? "it triggered its watchdog itself" : `no WATCHDOG=1 within ${timeout / 1000}s`;
  const ending: Ending = { exit: null, result: "watchdog", length: lengthOf(state, context), reason };
  const until = later(context.now, stop.timeout);
  return {
    state: {
      tag: "stopping",
      streak,
      startedAt,
      pid,
      scope: scopeOf(state, context.definition),
      force: "asked",
      until,
      afterwards: { tag: "judge", ending },
    },
    actions: [{ tag: "signal-main", pid, signal: "SIGABRT" }],
  };
}

function unhealthy(
  state: ServiceState,
  { action, reason }: { readonly action: "restart" | "stop"; readonly reason: string },
  context: StepContext,
): Step {
  if (state.tag !== "up") return stay(state);
  if (action === "stop") return terminate(state, { tag: "fail", reason }, context);
  const ending: Ending = { exit: null, result: "unhealthy", length: lengthOf(state, context), reason };
  return terminate(state, { tag: "judge", ending }, context);
}
