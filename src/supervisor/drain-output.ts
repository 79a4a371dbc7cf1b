import type { Definition } from "../core/definition.ts";
import { millis } from "../core/units.ts";
import type { OutputPort, TimerPort } from "./ports.ts";

export interface DrainPorts {
  readonly output: Pick<OutputPort, "drain">;
  readonly timers: TimerPort;
}

export interface CommandRun {
  readonly run: number;
  /** Of the service on whose behalf it was. */
  readonly definition: Definition;
}

/** A disk that does not get on keeps no service from being started. */
const LONGEST = millis(1_000);

/**
 * Has the output of a command written out that has ended, and calls `then` in a later turn. What the service says next is to stand
 * after it: where the service writes its log itself, past us, that takes until the output is in the file.
 */
export function drainOutput({ run, definition }: CommandRun, ports: DrainPorts, then: () => void): void {
  const { output, timers } = ports;
  if (definition.log.direct === null) {
    output.drain(run);
    return timers.soon(then);
  }
  let isOver = false;
  const goOn = (): void => {
    if (isOver) return;
    isOver = true;
    cancel();
    then();
  };
  const cancel = timers.after(LONGEST, goOn);
  output.drain(run, goOn);
}
