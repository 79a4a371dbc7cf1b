/*
 * Hooks of services: commands that run before and after them, in their surroundings, with their output in the service's log.
 * At most one is at work for a service; beside it at most one command of on_failure.
 */
import type { Definition } from "../core/definition.ts";
import type { Hook, HookName } from "../core/life-policies.ts";
import type { ServiceEvent } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { type ServiceResult, serviceResultOf } from "../core/service-result.ts";
import { type Ending, type ServiceState, isAtRest, mainPidOf } from "../core/service-state.ts";
import type { Commands } from "./commands.ts";
import type { CommandDone, CommandStart } from "./command-request.ts";
import type { AdoptedRun, Companion, Equipment, Tell } from "./companion.ts";
import type { ClockPort, Report, TimerPort } from "./ports.ts";
import { MOST_TRIGGERS, TRIGGER_SPAN, TriggerLimit } from "./trigger-limit.ts";

export interface HooksPorts {
  readonly commands: Pick<Commands, "run"> & { readonly left: Pick<Commands["left"], "claim"> };
  readonly timers: Pick<TimerPort, "soon">;
  readonly clock: Pick<ClockPort, "now">;
  readonly report: Report;
  readonly tell: Tell;
  newInvocation(): string;
  /** Writes down under which INVOCATION_ID something of the service is found, should this supervisor die. */
  intend(service: string, invocation: string): void;
  record(service: string): ServiceRecord | null;
  /** Starts another service, on behalf of one that has failed. */
  start(service: string): void;
  /** true: a run of it has not begun yet, and will. */
  isComing(service: string): boolean;
}

interface AtWork {
  readonly name: HookName;
  kill(): void;
  /** true: nobody wants to hear of its end any more. */
  isDropped: boolean;
}

interface Starting {
  readonly name: HookName;
  readonly ending: Ending | null;
  readonly atWork: AtWork;
  isOver(): void;
}

export class Hooks implements Companion {
  readonly #ports: HooksPorts;
  readonly #atWork = new Map<string, AtWork>();
  readonly #telling = new Set<string>();
  /** The INVOCATION_ID of the run that is at hand, or was last. */
  readonly #invocations = new Map<string, string>();
  /** What services that are started for the failure of another one are told of it, until they are. */
  readonly #monitored = new Map<string, Readonly<Record<string, string>>>();
  /** Of the starts that each failing service brings about: two that start each other would never come to an end. */
  readonly #limits = new Map<string, TriggerLimit>();

  constructor(ports: HooksPorts) {
    this.#ports = ports;
  }

  /** Runs the hook, unless it is at work; `hook-ended` follows, also if it could not be started. */
  run(record: ServiceRecord, name: HookName, ending: Ending | null): void {
    const service = record.definition.name;
    const before = this.#atWork.get(service);
    if (before?.name === name && !before.isDropped) return;
    const atWork: AtWork = { name, kill: () => {}, isDropped: false };
    this.#atWork.set(service, atWork);
    const isOver = (): void => {
      if (this.#atWork.get(service) === atWork) this.#atWork.delete(service);
    };
    const left = this.#ports.commands.left.claim(service, name, (failure, isKnown) => {
      isOver();
      if (atWork.isDropped) return;
      if (isKnown) this.#ended(service, name, failure);
      else this.#lost(record, name, ending);
    });
    const started = left ?? this.#start(record, { name, ending, isOver, atWork });
    if (started?.tag === "started") atWork.kill = started.kill;
  }

  #start(record: ServiceRecord, { name, ending, isOver, atWork }: Starting): CommandStart | null {
    const { definition } = record;
    const service = definition.name;
    const hook = hookOf(definition, name);
    const endSoon = (failure: string | null): null => {
      this.#ports.timers.soon(() => {
        isOver();
        if (!atWork.isDropped) this.#ended(service, name, failure);
      });
      return null;
    };
    if (hook === null) return endSoon(null);
    const started = this.#ports.commands.run(
      {
        kind: name,
        definition,
        command: hook.command,
        mainPid: mainPidOf(record.state),
        timeout: hook.timeout,
        invocation: this.#invocationFor(service, name),
        extra: name === "after_stop" ? resultVariables(resultOf(record, ending), "") : {},
      },
      (failure) => {
        isOver();
        if (!atWork.isDropped) this.#ended(service, name, failure);
      },
    );
    return started.tag === "started" ? started : endSoon(started.reason);
  }

  /**
   * It was at work when the supervisor died, and nobody can tell how it ended. One that prepares a run or cleans up after one is
   * made again: without it the next run may fail, and it has to bear being run before every start, or after every stop. The
   * others are about a process that is there; that nobody knows how they ended is no reason to do anything to that.
   */
  #lost(record: ServiceRecord, name: HookName, ending: Ending | null): void {
    const service = record.definition.name;
    const isAgain = name === "before_start" || name === "after_stop";
    const what = "it cannot be told how it ended, as the supervisor died meanwhile";
    this.#ports.report("warning", `${service}: ${name}: ${what}; ${isAgain ? "running it again" : "going on"}`);
    if (isAgain) this.run(record, name, ending);
    else this.#ports.tell(service, endOf(name, null));
  }

  /** Kills the hook that is at work; its end is told as usual. */
  kill(service: string): void {
    this.#atWork.get(service)?.kill();
  }

  /** Kills the hook that is at work, and tells nothing of its end. */
  drop(service: string): void {
    const atWork = this.#atWork.get(service);
    if (atWork === undefined) return;
    atWork.isDropped = true;
    atWork.kill();
  }

  /** A run has ended in failure: does what on_failure says, unless it is still at that. */
  failed(record: ServiceRecord, ending: Ending): void {
    const { onFailure } = record.definition.hooks;
    const service = record.definition.name;
    if (onFailure === null) return;
    const result = resultOf(record, ending);
    const variables = {
      ...resultVariables(result, "MONITOR_"),
      MONITOR_UNIT: service,
      MONITOR_INVOCATION_ID: this.#invocations.get(service) ?? "",
    };
    if (onFailure.tag === "start") return this.#startFor(service, onFailure.service, variables);
    if (this.#telling.has(service)) return;
    this.#telling.add(service);
    const over = this.#toldOf(service);
    const { command, timeout } = onFailure.hook;
    const invocation = this.#invocationFor(service, "on_failure");
    const { definition } = record;
    const about = { invocation, outlives: true, extra: variables };
    const started = this.#ports.commands.run(
      { kind: "on_failure", definition, command, mainPid: null, timeout, ...about },
      over,
    );
    if (started.tag === "failed") over(started.reason, true);
  }

  #toldOf(service: string): CommandDone {
    return (failure) => {
      this.#telling.delete(service);
      if (failure !== null) this.#ports.report("warning", `${service}: on_failure: ${failure}`);
    };
  }

  #startFor(service: string, other: string, variables: Readonly<Record<string, string>>): void {
    const limit = this.#limits.get(service) ?? new TriggerLimit();
    this.#limits.set(service, limit);
    if (!limit.note(this.#ports.clock.now())) {
      const often = `more than ${MOST_TRIGGERS} times within ${TRIGGER_SPAN / 1000}s`;
      return this.#ports.report(
        "err",
        `${service}: cannot start "${other}" by on_failure: it was to be started ${often}`,
      );
    }
    this.#ports.timers.soon(() => {
      this.#monitored.set(other, variables);
      this.#ports.start(other);
      // One that runs already, or is not to be started, is told of nothing: its next start is for another reason.
      if (!this.#ports.isComing(other)) this.#monitored.delete(other);
    });
  }

  /** Where a hook is due and none is at work once everything has been done again, the supervisor died in telling of its end. */
  adopted(record: ServiceRecord, run: AdoptedRun | null): void {
    const { name } = record.definition;
    if (run !== null) this.#invocations.set(name, run.invocation);
    if (this.#ports.commands.left.claim(name, "on_failure", this.#toldOf(name)) !== null) this.#telling.add(name);
    const due = dueIn(record.state);
    if (due === null) return;
    this.#ports.timers.soon(() => {
      const now = this.#ports.record(name);
      if (now === null || dueIn(now.state) !== due) return;
      this.run(now, due, endingOf(now.state));
      if (now.state.tag === "preparing" && now.state.afterwards !== null) this.kill(name);
    });
  }

  changed({ definition: { name }, want, state }: ServiceRecord, previous: ServiceRecord): void {
    // What is to be done is told by the decider. A start of which nothing came is over.
    const isOver = isAtRest(state) && !isAtRest(previous.state);
    if (isOver || (want === "down" && previous.want === "up")) this.#monitored.delete(name);
  }

  equip({ name }: Definition, invocation: string): Equipment {
    this.#invocations.set(name, invocation);
    const env = this.#monitored.get(name) ?? {};
    this.#monitored.delete(name);
    return { env, descriptors: [] };
  }

  forgotten(service: string): void {
    this.drop(service);
    this.#monitored.delete(service);
    this.#limits.delete(service);
    this.#invocations.delete(service);
  }

  /** That of the run; before there is one, one of the hook's own, written down so that a successor does not run it beside. */
  #invocationFor(service: string, hook: HookName | "on_failure"): string {
    const known = this.#invocations.get(service);
    if (known !== undefined && hook !== "before_start") return known;
    const invocation = this.#ports.newInvocation();
    this.#invocations.set(service, invocation);
    this.#ports.intend(service, invocation);
    return invocation;
  }

  #ended(service: string, hook: HookName, failure: string | null): void {
    if (failure !== null) this.#ports.report("warning", `${service}: ${hook}: ${failure}`);
    this.#ports.tell(service, endOf(hook, failure));
  }
}

/** The hook that the state waits for. */
function dueIn(state: ServiceState): HookName | null {
  switch (state.tag) {
    case "preparing":
      return state.doing === "hook" ? "before_start" : null;
    case "starting":
      return state.phase === "hook" ? "after_start" : null;
    case "leaving":
      return "before_stop";
    case "cleaning":
      return "after_stop";
    default:
      return null;
  }
}

function endingOf(state: ServiceState): Ending | null {
  return state.tag === "cleaning" && state.afterwards.tag === "judge" ? state.afterwards.ending : null;
}

function endOf(hook: HookName, failure: string | null): ServiceEvent {
  return { tag: "hook-ended", hook, failure };
}

function hookOf({ hooks }: Definition, name: HookName): Hook | null {
  switch (name) {
    case "before_start":
      return hooks.beforeStart;
    case "after_start":
      return hooks.afterStart;
    case "before_stop":
      return hooks.beforeStop;
    case "after_stop":
      return hooks.afterStop;
  }
}

function resultOf({ definition, lastExit }: ServiceRecord, ending: Ending | null): ServiceResult {
  return serviceResultOf(ending, lastExit?.exit ?? null, definition.restart);
}

/** The names of systemd.exec(5); with the prefix MONITOR_, that of the service's unit is SERVICE_RESULT all the same. */
function resultVariables({ result, exit }: ServiceResult, prefix: "" | "MONITOR_"): Readonly<Record<string, string>> {
  return {
    [`${prefix}SERVICE_RESULT`]: result,
    ...(exit === null ? {} : { [`${prefix}EXIT_CODE`]: exit.code, [`${prefix}EXIT_STATUS`]: exit.status }),
  };
}
