/*
 * One attempt at a check, which ends exactly once and in bounded time. A command that is killed is not gone at that very
 * moment, and may not go at all (state D): no other one is started for its service before it has, so they never pile up.
 */
import type { Definition } from "../core/definition.ts";
import type { Check } from "../core/life-policies.ts";
import { type Millis, millis } from "../core/units.ts";
import { attemptHttp } from "./check-http.ts";
import { type Attempt, type CheckResult, type Conclude, MOST_CHECK_OUTPUT, failed } from "./check-result.ts";
import { attemptTcp } from "./check-tcp.ts";
import type { Commands } from "./commands.ts";
import type { ConnectionPorts } from "./connection.ts";
import type { TimerPort } from "./ports.ts";

export interface CheckRequest {
  readonly definition: Definition;
  readonly check: Check;
  /** The service's main process. */
  readonly mainPid: number;
  readonly timeout: Millis;
}

export interface ChecksPorts extends ConnectionPorts {
  readonly timers: TimerPort;
  readonly commands: Pick<Commands, "capture">;
}

/** How long a command may take to be gone once it is killed, before it is no longer waited for. */
const KILL_PATIENCE = 5_000;

export class Checks {
  readonly #ports: ChecksPorts;
  /** Services with a command that has not ended, and who waits for that to start the next one. */
  readonly #commands = new Map<string, { next: (() => void) | null }>();

  constructor(ports: ChecksPorts) {
    this.#ports = ports;
  }

  /** Makes one attempt. `conclude` is called once, later, unless the returned function is called before. */
  attempt(request: CheckRequest, conclude: Conclude): () => void {
    const { timers } = this.#ports;
    const { check, timeout } = request;
    let isOver = false;
    const end = (result: CheckResult): void => {
      if (isOver) return;
      isOver = true;
      cancelTimeout();
      conclude(result);
    };
    // A command is timed where it is run, so that its end is told when it is gone.
    const limit = check.tag === "command" ? millis(timeout + KILL_PATIENCE) : timeout;
    const overdue = failed(`took longer than ${timeout / 1000}s`);
    const cancelTimeout = timers.after(limit, () => end(attempt.giveUp() ?? overdue));
    const attempt = this.#begin(request, end);
    return () => {
      // One that has ended may still be reading what a server has to say.
      if (isOver) return;
      isOver = true;
      cancelTimeout();
      attempt.giveUp();
    };
  }

  #begin(request: CheckRequest, conclude: Conclude): Attempt {
    const { check } = request;
    switch (check.tag) {
      case "tcp":
        return attemptTcp(check, this.#ports, conclude);
      case "http":
        return attemptHttp(check.url, this.#ports, conclude);
      case "command":
        return this.#beginCommand(request, check.command, conclude);
    }
  }

  #beginCommand(request: CheckRequest, command: readonly string[], conclude: Conclude): Attempt {
    const service = request.definition.name;
    let kill: (() => void) | null = null;
    const start = (): void => {
      kill = this.#startCommand(request, command, conclude);
    };
    const before = this.#commands.get(service);
    if (before === undefined) start();
    else before.next = start;
    return {
      giveUp() {
        if (before?.next === start) before.next = null;
        kill?.();
        return null;
      },
    };
  }

  #startCommand(request: CheckRequest, command: readonly string[], conclude: Conclude): (() => void) | null {
    const { definition, mainPid, timeout } = request;
    const atWork: { next: (() => void) | null } = { next: null };
    const started = this.#ports.commands.capture(
      { kind: "check", definition, command, mainPid, timeout },
      MOST_CHECK_OUTPUT,
      (failure, output) => {
        this.#commands.delete(definition.name);
        conclude(resultOf(failure, output));
        atWork.next?.();
      },
    );
    if (started.tag === "failed") {
      this.#ports.timers.soon(() => conclude(failed(started.reason)));
      return null;
    }
    this.#commands.set(definition.name, atWork);
    return () => started.kill();
  }
}

function resultOf(failure: string | null, output: string): CheckResult {
  const said = lastLineOf(output);
  const outcome = failure ?? "exited 0";
  return { ok: failure === null, detail: said === "" ? outcome : `${outcome}: ${said}`, output };
}

/** A longer one is cut. */
const LONGEST_LINE = 200;

function lastLineOf(output: string): string {
  const line = output.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}[...]` : line;
}
