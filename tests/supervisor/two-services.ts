import { Belongings } from "../../src/supervisor/belongings.ts";
import { LiteralMachine } from "./literal-machine.ts";
import { LiteralTimers } from "./literal-timers.ts";

/** Belongings on a machine where "web" runs as 201 and "db" as 301, each in a session of its own. */
export function twoServices() {
  const machine = new LiteralMachine();
  const timers = new LiteralTimers();
  /** Orphans of which nobody knows whose they are. */
  const unknown: number[] = [];
  const belongings = new Belongings(
    machine,
    (run) => timers.soon(run),
    ({ pid }) => void unknown.push(pid),
  );
  const begin = (service: string, pid: number, run = 1): void => {
    machine.start(pid, { environment: environmentOf(service, run) });
    belongings.began({ service, invocation: `${service}-${run}`, pid, pidfd: machine.openPidfd(pid) });
  };
  /** The main process ends and is reaped, as the loop does it. */
  const endMain = (service: string, pid: number): number => {
    machine.becomeZombie(pid);
    const survivors = belongings.mainEnded(service);
    machine.end(pid);
    belongings.reaped(pid);
    return survivors;
  };
  const pidsOf = (service: string): readonly number[] => {
    timers.turns();
    return belongings
      .survivors(service)
      .map((row) => row.pid)
      .toSorted((left, right) => left - right);
  };
  begin("web", 201);
  begin("db", 301);
  return { machine, timers, belongings, begin, endMain, pidsOf, unknown };
}

export function environmentOf(service: string, run = 1) {
  return { DAEMONSUP_SERVICE: service, INVOCATION_ID: `${service}-${run}` };
}
