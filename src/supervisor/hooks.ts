/*
 * Hooks of services: commands that run before and after them, in their surroundings, with their output in the service's log.
 * At most one is at work for a service; beside it at most one command of on_failure.
 */
import type { Definition } from "../core/definition.ts";
import type { Hook, HookName } from "../core/life-policies.ts";
import type { ServiceEvent } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { type ServiceResult, serviceResultOf } from "../core/service-result.ts";
import { type Ending, isAtRest, mainPidOf } from "../core/service-state.ts";
import type { Commands } from "./commands.ts";
import type { Companion, Equipment, Tell } from "./companion.ts";
import type { ClockPort, Report, TimerPort } from "./ports.ts";
import { MOST_TRIGGERS, TRIGGER_SPAN, TriggerLimit } from "./trigger-limit.ts";

export interface HooksPorts {
  readonly commands: Pick<Commands, "run">;
  readonly timers: Pick<TimerPort, "soon">;
  readonly clock: Pick<ClockPort, "now">;
  readonly report: Report;
  readonly tell: Tell;
  newInvocation(): string;
  /** Writes down under which INVOCATION_ID something of the service is found, should this supervisor die. */
  intend(service: string, invocation: string): void;
  /** Starts another service, on behalf of one that has failed. */
  start(service: string): void;
  /** true: a run of it has not begun yet, and will. */
  isComing(service: string): boolean;
}

interface AtWork {
  kill(): void;
  /** true: nobody wants to hear of its end any more. */
  isDropped: boolean;
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

  /** Runs the hook; `hook-ended` follows, also if it could not be started. */
  run(record: ServiceRecord, name: HookName, ending: Ending | null): void {
    const { definition } = record;
    const service = definition.name;
    const hook = hookOf(definition, name);
    if (hook === null) return this.#ended(service, name, null);
    const atWork: AtWork = { kill: () => {}, isDropped: false };
    this.#atWork.set(service, atWork);
    const started = this.#ports.commands.run(
      {
        definition,
        command: hook.command,
        mainPid: mainPidOf(record.state),
        timeout: hook.timeout,
        invocation: this.#invocationFor(service, name),
        extra: name === "after_stop" ? resultVariables(resultOf(record, ending), "") : {},
      },
      (failure) => {
        if (this.#atWork.get(service) === atWork) this.#atWork.delete(service);
        if (!atWork.isDropped) this.#ended(service, name, failure);
      },
    );
    if (started.tag === "started") atWork.kill = started.kill;
    else {
      this.#atWork.delete(service);
      this.#ended(service, name, started.reason);
    }
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
    const over = (failure: string | null): void => {
      this.#telling.delete(service);
      if (failure !== null) this.#ports.report("warning", `${service}: on_failure: ${failure}`);
    };
    const { command, timeout } = onFailure.hook;
    const invocation = this.#invocationFor(service, "on_failure");
    const { definition } = record;
    const about = { invocation, outlives: true, extra: variables };
    const started = this.#ports.commands.run({ definition, command, mainPid: null, timeout, ...about }, over);
    if (started.tag === "failed") over(started.reason);
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
    this.#ports.timers.soon(() => this.#ports.tell(service, endOf(hook, failure)));
  }
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
