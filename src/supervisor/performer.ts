/* Carries out what the decider says, for one service at a time. */
import type { ServiceAction, ServiceEvent } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Belongings } from "./belongings.ts";
import type { Hooks } from "./hooks.ts";
import type { Launcher } from "./launcher.ts";
import type { ProcessPort, Report } from "./ports.ts";
import type { Relays } from "./relays.ts";
import type { RunFiles } from "./run-files.ts";
import type { StopReloadCommands } from "./stop-reload-commands.ts";

export interface PerformerPorts {
  readonly belongings: Belongings;
  readonly ownCommands: Pick<StopReloadCommands, "stop" | "reload">;
  readonly hooks: Pick<Hooks, "run" | "kill" | "drop" | "failed">;
  readonly launcher: Launcher;
  readonly files: Pick<RunFiles, "look" | "drop">;
  readonly processes: ProcessPort;
  readonly relays: Pick<Relays, "pass">;
  readonly report: Report;
  post(service: string, event: ServiceEvent): void;
  amend(service: string, change: { readonly note: string }): void;
  endSupervisor(service: string, code: number): void;
}

export function performAction(
  record: ServiceRecord,
  action: ServiceAction,
  ports: PerformerPorts,
): ServiceEvent | null {
  const service = record.definition.name;
  switch (action.tag) {
    case "spawn":
      return ports.launcher.launch(record.definition);
    case "signal-main":
      ports.belongings.signalMain(service, action.signal);
      ports.belongings.signalMain(service, "SIGCONT");
      return null;
    case "signal-all":
      ports.belongings.signalAll(service, action.signal);
      return null;
    case "kill-main":
      ports.belongings.signalMain(service, "SIGKILL");
      return null;
    case "kill-all":
      ports.belongings.killAll(service);
      return null;
    case "run-stop-command":
      return ports.ownCommands.stop(record) ? null : { tag: "stop-command-failed" };
    case "run-reload-command":
      ports.ownCommands.reload(record);
      return null;
    case "relay":
      return ports.relays.pass(record, action);
    case "restart-in-order": // the fleet has seen to it
      return null;
    case "look":
      return look(record, action.again, ports);
    case "drop-look":
      ports.files.drop(service);
      return null;
    case "run-hook":
      ports.hooks.run(record, action.hook, action.ending);
      return null;
    case "kill-hook":
      ports.hooks.kill(service);
      return null;
    case "drop-hook":
      ports.hooks.drop(service);
      return null;
    case "tell-failure":
      ports.hooks.failed(record, action.ending);
      return null;
    case "leave-rest":
      leaveRest(service, ports);
      return null;
    case "note-ended-by-relay":
      ports.report(
        "warning",
        `${service}: ended within 5s of a relayed SIGHUP; it is not relayed to it again until [reload] is written`,
      );
      return null;
    case "report-unkillable":
      return lookOnceMore(service, ports) ?? reportUnkillable(record, ports);
    case "end-supervisor":
      ports.endSupervisor(service, action.code);
      return null;
    default:
      return unreachable(action);
  }
}

function look({ definition }: ServiceRecord, again: boolean, { files, post }: PerformerPorts): null {
  files.look(definition, again, (unmet) =>
    post(
      definition.name,
      unmet === null ? { tag: "looked" } : { tag: "condition-unmet", reason: `its condition is not met: ${unmet}` },
    ),
  );
  return null;
}

function leaveRest(service: string, ports: PerformerPorts): void {
  const left = describeSurvivors(service, ports);
  if (left !== "") ports.report("notice", `${service}: left running, as stop.scope = "main" asks: ${left}`);
  ports.belongings.over(service);
}

/** Whatever was missed of its end, nobody is called unkillable who is not there. */
function lookOnceMore(service: string, { belongings, processes }: PerformerPorts): ServiceEvent | null {
  const main = belongings.mainOf(service);
  if (main !== null && processes.row(main) === null) {
    belongings.reaped(main);
    return { tag: "exited", exit: { tag: "unknown" }, survivors: belongings.mainEnded(service) };
  }
  if (main !== null || !belongings.isEmpty(service)) return null;
  belongings.over(service);
  return { tag: "emptied" };
}

function reportUnkillable(record: ServiceRecord, ports: PerformerPorts): null {
  const service = record.definition.name;
  const main = ports.belongings.mainOf(service);
  const left = main === null ? describeSurvivors(service, ports) : describe(main, ports);
  ports.amend(service, { note: `${left} cannot be killed` });
  ports.report("err", `${service}: ${left} cannot be killed`);
  return null;
}

/** "pid 12 (sleep), pid 13 (sh, state D)" */
function describeSurvivors(service: string, ports: Pick<PerformerPorts, "belongings" | "processes">): string {
  return ports.belongings
    .survivors(service)
    .slice(0, MOST_NAMED)
    .map((row) => describe(row.pid, ports))
    .join(", ");
}

const MOST_NAMED = 10;

function describe(pid: number, ports: Pick<PerformerPorts, "processes">): string {
  const state = ports.processes.row(pid)?.state;
  return `pid ${pid} (${ports.processes.name(pid)}${state === "D" ? ", state D" : ""})`;
}
