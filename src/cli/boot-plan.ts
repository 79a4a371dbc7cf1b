/* What is to be done so that a supervisor starts with the machine, or does so no longer; nothing is done here. */
import { type BootedSupervisor, bootNameOf, cronLines, openrcScript, systemdUnit } from "./boot-texts.ts";

/** Who starts things on a machine. */
export const MANAGERS = ["systemd", "openrc", "cron"] as const;
export type Manager = (typeof MANAGERS)[number];

/** Where a manager looks for files of this user. */
export interface BootPlaces {
  /** The directory of systemd's units. */
  readonly units: string;
  readonly initScripts: string;
  readonly cronFiles: string;
}

export interface BootPlan {
  readonly manager: Manager;
  /** What it is called there: a unit, a script, a file. */
  readonly called: string;
  /** null: there is none, but lines in the user's crontab. */
  readonly file: { readonly path: string; readonly text: string; readonly mode: number } | null;
  readonly cronLines: readonly string[];
  /** Commands, in this order: to be run once the file is there; to start it now. */
  readonly enable: readonly (readonly string[])[];
  readonly startNow: readonly (readonly string[])[];
  /** To be run before the file is taken away, and after that. */
  readonly disable: readonly (readonly string[])[];
  readonly afterwards: readonly (readonly string[])[];
  /** What a person has to know besides, or null. */
  readonly note: string | null;
}

/** Where the managers look. `configHome`: $XDG_CONFIG_HOME, or what stands for it. */
export function bootPlacesOf(isRoot: boolean, configHome: string): BootPlaces {
  return {
    units: isRoot ? "/etc/systemd/system" : `${configHome}/systemd/user`,
    initScripts: "/etc/init.d",
    cronFiles: "/etc/cron.d",
  };
}

export function bootPlanOf(manager: Manager, supervisor: BootedSupervisor, places: BootPlaces): BootPlan {
  switch (manager) {
    case "systemd":
      return systemdPlan(supervisor, places);
    case "openrc":
      return openrcPlan(supervisor, places);
    case "cron":
      return cronPlan(supervisor, places);
  }
}

function systemdPlan(supervisor: BootedSupervisor, { units }: BootPlaces): BootPlan {
  const { isRoot, user } = supervisor;
  const unit = `${bootNameOf(supervisor)}.service`;
  const systemctl = ["systemctl", ...(isRoot ? [] : ["--user"])];
  return {
    manager: "systemd",
    called: unit,
    file: { path: `${units}/${unit}`, text: systemdUnit(supervisor), mode: 0o644 },
    cronLines: [],
    enable: [
      [...systemctl, "daemon-reload"],
      [...systemctl, "enable", unit],
    ],
    startNow: [[...systemctl, "start", unit]],
    disable: [[...systemctl, "disable", unit]],
    afterwards: [[...systemctl, "daemon-reload"]],
    note: isRoot ? null : `it starts when you log in; to start it with the machine: loginctl enable-linger ${user}`,
  };
}

function openrcPlan(supervisor: BootedSupervisor, { initScripts }: BootPlaces): BootPlan {
  const name = bootNameOf(supervisor);
  return {
    manager: "openrc",
    called: name,
    file: { path: `${initScripts}/${name}`, text: openrcScript(supervisor), mode: 0o755 },
    cronLines: [],
    enable: [["rc-update", "add", name, "default"]],
    startNow: [["rc-service", name, "start"]],
    disable: [["rc-update", "del", name, "default"]],
    afterwards: [],
    note: null,
  };
}

/** root has a file of its own; whoever is not, lines in the crontab. */
function cronPlan(supervisor: BootedSupervisor, { cronFiles }: BootPlaces): BootPlan {
  const { isRoot, program, config, name } = supervisor;
  const called = isRoot ? bootNameOf(supervisor) : "crontab";
  const text = isRoot ? `${cronLines(supervisor, true).join("\n")}\n` : "";
  return {
    manager: "cron",
    called,
    file: isRoot ? { path: `${cronFiles}/${called}`, text, mode: 0o644 } : null,
    cronLines: isRoot ? [] : cronLines(supervisor, false),
    enable: [],
    startNow: [[program, "--config", config, ...(name === null ? [] : ["--name", name])]],
    disable: [],
    afterwards: [],
    note: null,
  };
}

/** The crontab with these lines, once; with none, without those of this supervisor. */
export function crontabWith(text: string, lines: readonly string[], mark: string): string {
  const kept: string[] = [];
  const all = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  for (let at = 0; at < all.length; at++) {
    const line = all[at] ?? "";
    // The line that follows the mark is ours as well.
    if (line === mark) at++;
    else kept.push(line);
  }
  const result = [...kept, ...lines];
  return result.length === 0 ? "" : `${result.join("\n")}\n`;
}
