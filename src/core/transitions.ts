/*
 * The moves that several states share: how a run begins, how it is ended, and what follows when nothing of it is left.
 */
import type { Definition, StopPolicy } from "./definition.ts";
import { type Exit, exitWordsOf, shellCodeOf } from "./exit.ts";
import { decideRestart, isSuccess, mayRestart } from "./judge-exit.ts";
import type { Gate } from "./gate.ts";
import type { RunEvent, ServiceAction } from "./service-event.ts";
import { type Afterwards, type Ending, FRESH_STREAK, type ServiceState, type Streak } from "./service-state.ts";
import { type Instant, later, millis, spanBetween } from "./units.ts";

export interface StepContext {
  /** The definition that the current run was started with. */
  readonly definition: Definition;
  readonly now: Instant;
  /** 0 to 1, drawn by the caller. */
  readonly jitter: number;
  /** The definition that the next run will be started with. */
  readonly next: Definition;
  /** What is wanted of it. */
  readonly want: "up" | "down";
  /** What keeps it from being started now; null: nothing. */
  readonly gate: Gate | null;
  /** What is noted of it; null: nothing. */
  readonly note: string | null;
}

export interface Step {
  readonly state: ServiceState;
  readonly actions: readonly ServiceAction[];
}

export type StateOf<Tag extends ServiceState["tag"]> = Extract<ServiceState, { tag: Tag }>;

/** A state with a main process. */
export type Running = StateOf<"execing" | "starting" | "up" | "leaving" | "stopping">;

/** How long a forking service may take until its pid file names a live process. */
export const NAMING_TIMEOUT = millis(60_000);
/** How long SIGKILL may take before the service counts as stuck. */
export const KILL_TIMEOUT = millis(10_000);

/** A start: held back while something is in its way, and by its conditions and its before_start hook before the spawn. */
export function launch(streak: Streak, context: StepContext, automatic: boolean): Step {
  // What was asked of it while others were in the way does not count if it was reset, or told to make way, meanwhile.
  if (context.want === "down") return stay({ tag: "down", why: "stopped" });
  if (context.gate !== null) return stay({ tag: "waiting", streak, automatic, on: "others", ...context.gate });
  const { condition, log } = context.next;
  if ((condition ?? log.direct) === null && !readsFiles(context.next)) return prepare(streak, context, automatic);
  const state = { tag: "preparing", streak, automatic, startedAt: context.now, afterwards: null } as const;
  return { state: { ...state, doing: "look" }, actions: [{ tag: "look", again: false }] };
}

/** Its conditions are met, and what it is started from has been read. */
export function prepare(streak: Streak, context: StepContext, automatic: boolean): Step {
  if (context.next.hooks.beforeStart === null) return spawn(streak, context, automatic);
  return {
    state: { tag: "preparing", doing: "hook", streak, automatic, startedAt: context.now, afterwards: null },
    actions: [{ tag: "run-hook", hook: "before_start", ending: null }],
  };
}

export function spawn(streak: Streak, context: StepContext, automatic: boolean): Step {
  return {
    state: { tag: "launching", streak, automatic, startedAt: context.now },
    actions: [{ tag: "spawn", automatic }],
  };
}

/** true: its environment comes from files, which a file system may keep to itself for as long as it likes. */
export function readsFiles({ environmentFiles, secrets }: Pick<Definition, "environmentFiles" | "secrets">): boolean {
  if (environmentFiles.length > 0) return true;
  for (const _name in secrets) return true;
  return false;
}

/** It is to run from now on: when its schedule says so, when somebody connects, or at once. */
export function enable(streak: Streak, context: StepContext): Step {
  return awaitCall(streak, context, "") ?? launch(streak, context, false);
}

/** true: a schedule or a socket starts it. */
export function awaitsCall({ schedule, sockets }: Pick<Definition, "schedule" | "sockets">): boolean {
  return schedule !== null || sockets.some((socket) => socket.onDemand);
}

/** If it has a schedule or a socket that starts it, it waits for that from now on. */
function awaitCall(streak: Streak, { next }: StepContext, reason: string): Step | null {
  const waiting = { tag: "waiting", streak, automatic: false, reason, pending: false } as const;
  if (next.schedule !== null) return stay({ ...waiting, on: "schedule" });
  return awaitsCall(next) ? stay({ ...waiting, on: "socket" }) : null;
}

/** Exec has succeeded. */
export function begin(state: StateOf<"launching" | "execing">, pid: number, context: StepContext): Step {
  const { streak, startedAt } = state;
  switch (context.definition.type) {
    case "simple":
      return awaitReady({ streak, startedAt, pid }, context);
    case "oneshot":
      return stay({ tag: "starting", phase: "work", streak, startedAt, pid, readyBy: null });
    case "forking": {
      const readyBy = later(context.now, NAMING_TIMEOUT);
      return stay({ tag: "starting", phase: "fork", streak, startedAt, pid, readyBy });
    }
  }
}

/** The main process of a run. */
export type Main = Pick<StateOf<"up">, "streak" | "startedAt" | "pid">;

/** The main process is there: by its [ready] method it may not be up yet. */
export function awaitReady(main: Main, context: StepContext): Step {
  const { ready } = context.definition;
  if (ready === null) return arrive(main, context);
  return stay({ tag: "starting", phase: "ready", ...main, readyBy: later(context.now, ready.timeout) });
}

/** It is ready: up, once its after_start hook has succeeded. */
export function arrive(main: Main, context: StepContext): Step {
  if (context.definition.hooks.afterStart === null) return stay({ tag: "up", ...main, relayedAt: null });
  return {
    state: { tag: "starting", phase: "hook", ...main, readyBy: null },
    actions: [{ tag: "run-hook", hook: "after_start", ending: null }],
  };
}

/** The main process ended though nobody asked it to. */
export function ended(state: Running, event: { exit: Exit; survivors: number }, context: StepContext): Step {
  const afterwards: Afterwards = { tag: "judge", ending: endingOf(event.exit, state, context) };
  if (event.survivors === 0) return conclude(afterwards, state.streak, context);
  if (scopeOf(state, context.definition) === "main")
    return withFirst([{ tag: "leave-rest" }], conclude(afterwards, state.streak, context));
  return sweep(state.streak, afterwards, context);
}

export function endingOf(exit: Exit, state: { readonly startedAt: Instant }, context: StepContext): Ending {
  return { exit, result: "exit", length: lengthOf(state, context), reason: exitWordsOf(exit) };
}

/** How long it has run; no time at all if it never was ready, so that a start that takes long is no long run. */
export function lengthOf(
  state: { readonly startedAt: Instant; readonly tag?: string; readonly phase?: StateOf<"starting">["phase"] },
  context: StepContext,
): Ending["length"] {
  const isUnready = state.tag === "preparing" || state.phase === "ready" || state.phase === "hook";
  return isUnready ? millis(0) : spanBetween(state.startedAt, context.now);
}

export function overdue(what: string, state: { readonly startedAt: Instant }, context: StepContext): Ending {
  return { exit: null, result: "timeout", length: lengthOf(state, context), reason: what };
}

/** Asks it to end; its before_stop hook comes first if it is up, and an after_start hook that is at work is called off. */
export function terminate(state: Running, afterwards: Afterwards, context: StepContext): Step {
  const { streak, startedAt, pid } = state;
  if (state.tag === "up" && context.definition.hooks.beforeStop !== null) {
    return {
      state: { tag: "leaving", streak, startedAt, pid, afterwards },
      actions: [{ tag: "run-hook", hook: "before_stop", ending: null }],
    };
  }
  return withFirst(calledOff(state), askToEnd(state, afterwards, context));
}

/** A hook at work beside the main process is called off when that is ended or has ended. */
export function calledOff(state: Running): readonly ServiceAction[] {
  const hasHook = state.tag === "leaving" || (state.tag === "starting" && state.phase === "hook");
  return hasHook ? [{ tag: "drop-hook" }] : [];
}

export function askToEnd(state: Running, afterwards: Afterwards, context: StepContext): Step {
  const { streak, startedAt, pid } = state;
  const scope = scopeOf(state, context.definition);
  const until = later(context.now, context.definition.stop.timeout);
  const hasCommand = context.definition.stop.command !== null;
  return {
    state: { tag: "stopping", streak, startedAt, pid, scope, force: "asked", until, afterwards },
    actions: hasCommand ? [{ tag: "run-stop-command" }] : stopSignal(pid, scope, context.definition),
  };
}

export function scopeOf(state: Running, definition: Definition): StopPolicy["scope"] {
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
    actions: [...calledOff(state), scope === "main" ? { tag: "kill-main", pid } : { tag: "kill-all" }],
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

/** Nothing of the service is left: its after_stop hook comes first. */
export function conclude(afterwards: Afterwards, streak: Streak, context: StepContext): Step {
  if (context.definition.hooks.afterStop === null) return follow(afterwards, streak, context);
  const ending = afterwards.tag === "judge" ? afterwards.ending : null;
  return {
    state: { tag: "cleaning", streak, afterwards },
    actions: [{ tag: "run-hook", hook: "after_stop", ending }],
  };
}

/** It is being ended, and has to make way for what it requires as well: a stop that was asked for stays one. */
export function held(afterwards: Afterwards): Afterwards {
  return afterwards.tag === "rest" ? afterwards : { tag: "start-anew" };
}

/** Nothing of the service is left, nor of its hooks. */
export function follow(afterwards: Afterwards, streak: Streak, context: StepContext): Step {
  switch (afterwards.tag) {
    case "rest":
      return stay({ tag: "down", why: "stopped" });
    case "start-anew":
      return launch(FRESH_STREAK, context, false);
    case "enable":
      return enable(FRESH_STREAK, context);
    case "judge-exit":
      throw new Error("internal error: the exit that was to decide is not known");
    case "judge":
      return judge(afterwards.ending, streak, context);
    case "fail":
      return settle({ tag: "failed", reason: afterwards.reason }, null, context);
  }
}

/** The restart policy decides. */
function judge(ending: Ending, streak: Streak, context: StepContext): Step {
  if (isSuccess(ending, context.definition.restart)) return decide(ending, streak, context);
  return withFirst([{ tag: "tell-failure", ending }], decide(ending, streak, context));
}

function decide(ending: Ending, streak: Streak, context: StepContext): Step {
  const policy = context.definition.restart;
  if (!mayRestart(ending, policy)) return endForGood(ending, context);
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

function endForGood(ending: Ending, context: StepContext): Step {
  const isFine = isSuccess(ending, context.definition.restart);
  const mayBeCalled = context.want === "up" && (isFine || (context.next.schedule !== null && !context.next.critical));
  const reason = isFine ? "" : `the last run failed: ${ending.reason}`;
  const waiting = mayBeCalled ? awaitCall(FRESH_STREAK, context, reason) : null;
  return waiting ?? settle(isFine ? { tag: "done" } : { tag: "failed", reason: ending.reason }, ending.exit, context);
}

export function settle(state: StateOf<"done" | "failed">, exit: Exit | null, context: StepContext): Step {
  const matters = context.definition.critical && !(state.tag === "done" && context.definition.type === "oneshot");
  // Its own, also where that counts as success.
  const code = exit === null ? Number(state.tag === "failed") : shellCodeOf(exit);
  return { state, actions: matters ? [{ tag: "end-supervisor", code }] : [] };
}

export function stay(state: ServiceState): Step {
  return { state, actions: [] };
}

export function withFirst(actions: readonly ServiceAction[], result: Step): Step {
  return { state: result.state, actions: [...actions, ...result.actions] };
}

export function impossible(state: ServiceState, event: RunEvent): never {
  throw new Error(`internal error: "${event.tag}" cannot happen in state "${state.tag}"`);
}
