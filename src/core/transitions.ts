/*
 * The moves that several states share: how a run begins, how it is ended, and what follows when nothing of it is left.
 */
import type { Definition, StopPolicy } from "./definition.ts";
import { type Exit, exitWordsOf, shellCodeOf } from "./exit.ts";
import { decideRestart, isSuccess, mayRestart } from "./judge-exit.ts";
import type { ServiceAction, ServiceEvent } from "./service-event.ts";
import { type Afterwards, type Ending, FRESH_STREAK, type ServiceState, type Streak } from "./service-state.ts";
import { type Instant, later, millis, spanBetween } from "./units.ts";

export interface StepContext {
  /** The definition that the current run was started with. */
  readonly definition: Definition;
  readonly now: Instant;
  /** 0 to 1, drawn by the caller. */
  readonly jitter: number;
}

export interface Step {
  readonly state: ServiceState;
  readonly actions: readonly ServiceAction[];
}

export type StateOf<Tag extends ServiceState["tag"]> = Extract<ServiceState, { tag: Tag }>;

/** A state with a main process; or the main process that a dead predecessor left. */
export type Running =
  | StateOf<"execing" | "starting" | "up" | "stopping">
  | { readonly tag: "found"; readonly streak: Streak; readonly startedAt: Instant; readonly pid: number };

/** How long a forking service may take until its pid file names a live process. */
export const NAMING_TIMEOUT = millis(60_000);
/** How long SIGKILL may take before the service counts as stuck. */
export const KILL_TIMEOUT = millis(10_000);

export function launch(streak: Streak, context: StepContext, automatic: boolean): Step {
  return { state: { tag: "launching", streak, startedAt: context.now }, actions: [{ tag: "spawn", automatic }] };
}

/** Exec has succeeded. */
export function begin(state: StateOf<"launching" | "execing">, pid: number, context: StepContext): Step {
  const { streak, startedAt } = state;
  switch (context.definition.type) {
    case "simple":
      return stay({ tag: "up", streak, startedAt, pid, relayedAt: null });
    case "oneshot":
      return stay({ tag: "starting", streak, startedAt, pid, readyBy: null });
    case "forking":
      return stay({ tag: "starting", streak, startedAt, pid, readyBy: later(context.now, NAMING_TIMEOUT) });
  }
}

/** The main process ended though nobody asked it to. */
export function ended(state: Running, event: { exit: Exit; survivors: number }, context: StepContext): Step {
  const ending: Ending = {
    exit: event.exit,
    result: "exit",
    length: lengthOf(state, context),
    reason: exitWordsOf(event.exit),
  };
  if (event.survivors === 0) return judge(ending, state.streak, context);
  if (scopeOf(state, context.definition) === "main")
    return withFirst([{ tag: "leave-rest" }], judge(ending, state.streak, context));
  return sweep(state.streak, { tag: "judge", ending }, context);
}

export function lengthOf(state: { readonly startedAt: Instant }, context: StepContext): Ending["length"] {
  return spanBetween(state.startedAt, context.now);
}

export function overdue(what: string, state: { readonly startedAt: Instant }, context: StepContext): Ending {
  return { exit: null, result: "timeout", length: lengthOf(state, context), reason: what };
}

export function terminate(state: Running, afterwards: Afterwards, context: StepContext): Step {
  const { streak, startedAt, pid } = state;
  const scope = scopeOf(state, context.definition);
  const until = later(context.now, context.definition.stop.timeout);
  const hasCommand = context.definition.stop.command !== null;
  return {
    state: { tag: "stopping", streak, startedAt, pid, scope, force: "asked", until, afterwards },
    actions: hasCommand ? [{ tag: "run-stop-command" }] : stopSignal(pid, scope, context.definition),
  };
}

function scopeOf(state: Running, definition: Definition): StopPolicy["scope"] {
  if (state.tag === "stopping") return state.scope;
  // Until a forking service is up, any of its processes may be the main one to be: none may be left beside the next run.
  const isMainKnown = definition.type !== "forking" || state.tag === "up";
  return isMainKnown || definition.stop.scope !== "main" ? definition.stop.scope : "group";
}

export function stopSignal(pid: number, scope: StopPolicy["scope"], definition: Definition): readonly ServiceAction[] {
  const { signal } = definition.stop;
  return scope === "group" ? [{ tag: "signal-all", signal }] : [{ tag: "signal-main", pid, signal }];
}

export function kill(state: Running, afterwards: Afterwards, context: StepContext): Step {
  const { streak, startedAt, pid } = state;
  const scope = scopeOf(state, context.definition);
  const until = later(context.now, KILL_TIMEOUT);
  return {
    state: { tag: "stopping", streak, startedAt, pid, scope, force: "killed", until, afterwards },
    actions: [scope === "main" ? { tag: "kill-main", pid } : { tag: "kill-all" }],
  };
}

/** The main process is gone, others are not: ask them to end. */
export function sweep(streak: Streak, afterwards: Afterwards, context: StepContext): Step {
  const until = later(context.now, context.definition.stop.timeout);
  const signal = context.definition.stop.signal;
  return {
    state: { tag: "sweeping", streak, force: "asked", until, afterwards },
    actions: [{ tag: "signal-all", signal }],
  };
}

export function purge(streak: Streak, afterwards: Afterwards, context: StepContext): Step {
  const until = later(context.now, KILL_TIMEOUT);
  return { state: { tag: "sweeping", streak, force: "killed", until, afterwards }, actions: [{ tag: "kill-all" }] };
}

/** Nothing of the service is left. */
export function conclude(afterwards: Afterwards, streak: Streak, context: StepContext): Step {
  switch (afterwards.tag) {
    case "rest":
      return stay({ tag: "down", why: "stopped" });
    case "start-anew":
      return launch(FRESH_STREAK, context, false);
    case "judge":
      return judge(afterwards.ending, streak, context);
    case "fail":
      return settle({ tag: "failed", reason: afterwards.reason }, null, context);
  }
}

export function judge(ending: Ending, streak: Streak, context: StepContext): Step {
  const policy = context.definition.restart;
  if (!mayRestart(ending, policy)) {
    const state: ServiceState = isSuccess(ending, policy) ? { tag: "done" } : { tag: "failed", reason: ending.reason };
    return settle(state, ending.exit, context);
  }
  const decision = decideRestart(policy, streak, { length: ending.length, now: context.now, jitter: context.jitter });
  if (decision.tag === "give-up") {
    return settle({ tag: "failed", reason: `${ending.reason}; given up: ${decision.reason}` }, ending.exit, context);
  }
  if (decision.delay === 0) return launch(decision.streak, context, true);
  return stay({
    tag: "backoff",
    streak: decision.streak,
    retryAt: later(context.now, decision.delay),
    reason: ending.reason,
  });
}

export function settle(state: StateOf<"done" | "failed">, exit: Exit | null, context: StepContext): Step {
  const matters = context.definition.critical && !(state.tag === "done" && context.definition.type === "oneshot");
  const code = state.tag === "done" ? 0 : exit === null ? 1 : shellCodeOf(exit);
  return { state, actions: matters ? [{ tag: "end-supervisor", code }] : [] };
}

export function stay(state: ServiceState): Step {
  return { state, actions: [] };
}

export function withFirst(actions: readonly ServiceAction[], result: Step): Step {
  return { state: result.state, actions: [...actions, ...result.actions] };
}

export function impossible(state: ServiceState, event: ServiceEvent): never {
  throw new Error(`internal error: "${event.tag}" cannot happen in state "${state.tag}"`);
}
