/* The supervisor itself: is one there, does it answer, is it of this version, and are its services well? */
import { existsSync } from "node:fs";
import type { ServiceView } from "../core/service-view.ts";
import type { Directories } from "../core/paths.ts";
import { ask, type Refusal, type SupervisorPlace } from "../control/client.ts";
import type { VersionView } from "../control/control-port.ts";
import { millis } from "../core/units.ts";
import { type Finding, fine } from "./finding.ts";
import { agoWordsOf, countOf } from "./render-words.ts";
import { worstFirst } from "./severity.ts";
import type { CliWorld } from "./world.ts";

export interface SupervisorExamined {
  readonly findings: readonly Finding[];
  /** null: there is no supervisor, or it does not answer. */
  readonly services: readonly ServiceView[] | null;
  /** Where its definitions lie; null: not known. */
  readonly config: string | null;
  /** The directories that it has; null: not known. */
  readonly directories: Directories | null;
}

const PATIENCE = millis(5_000);

export async function examineSupervisor(place: SupervisorPlace, world: CliWorld): Promise<SupervisorExamined> {
  const reply = await ask(place, { route: "version", name: null, patience: PATIENCE });
  if (reply.tag === "refused") {
    const findings = reply.why === "not-running" ? notRunning(place) : [silent(reply)];
    return { findings, services: null, config: null, directories: null };
  }
  const { pid, since, config, directories, services: count } = reply.value;
  const words = `pid ${pid}, started ${agoWordsOf(since, world.now())}, ${countOf(count, "service")} from ${config}`;
  const listed = await ask(place, { route: "services", name: null, patience: PATIENCE });
  const services = listed.tag === "ok" ? listed.value : null;
  return {
    findings: [
      fine("supervisor", words),
      ...versions(reply.value, world),
      ...failedUpgrade(reply.value, world),
      ...(services === null ? [] : [wellness(services)]),
    ],
    services,
    config,
    directories,
  };
}

function notRunning(place: SupervisorPlace): readonly Finding[] {
  const found = "none is running";
  const leftover = existsSync(place.socket) ? "; the socket of one that died is left, which does no harm" : "";
  return [
    {
      about: "supervisor",
      level: "note",
      found: `${found}${leftover}`,
      mend: "daemonsup --config services.d starts one",
    },
  ];
}

function silent({ why, message }: Refusal): Finding {
  // Who may not ask cannot tell whether it is well.
  const mend =
    why === "permission"
      ? null
      : "if it stays so: its log says more, and SIGKILL to its pid is safe, as the next start takes care of its services";
  return { about: "supervisor", level: "problem", found: message, mend };
}

function versions({ version, binary, guardian }: VersionView, world: CliWorld): readonly Finding[] {
  const others = guardian !== null && guardian.version !== version ? `, its guardian ${guardian.version}` : "";
  if (version === world.version && others === "") return [];
  const found = `the supervisor is ${version}${others}, this program ${world.version}`;
  const mend = `daemonsup upgrade${binary === world.program ? "" : ` --binary ${world.program}`}; services keep running`;
  return [{ about: "version", level: "warning", found, mend }];
}

function failedUpgrade({ upgrade }: VersionView, world: CliWorld): readonly Finding[] {
  if (upgrade?.result !== "failed") return [];
  const { to, binary, at, message } = upgrade;
  const found = `the upgrade to ${to} (${binary}) ${agoWordsOf(at, world.now())} failed: ${message ?? "it is not known why"}`;
  return [{ about: "upgrade", level: "warning", found, mend: null }];
}

/** More names than these are told by the command that is named. */
const MOST_NAMES = 5;

function wellness(services: readonly ServiceView[]): Finding {
  const isOnItsWay = ({ state }: ServiceView): boolean => state === "starting" || state === "stopping";
  const troubled = services.filter((service) => service.want === "up" && !service.well && !isOnItsWay(service));
  const bad = worstFirst(troubled).map(({ name }) => name);
  if (bad.length === 0) return fine("services", `${countOf(services.length, "service")}, none in trouble`);
  const more = bad.length > MOST_NAMES ? ` and ${bad.length - MOST_NAMES} more` : "";
  const found = `${bad.length} of ${services.length} in trouble: ${bad.slice(0, MOST_NAMES).join(", ")}${more}`;
  const mend =
    bad.length === 1 ? `daemonsup status ${bad[0]}` : "daemonsup status says of each why, and what to type next";
  return { about: "services", level: "problem", found, mend };
}
