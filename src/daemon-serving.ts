/* Opens what clients talk to: a socket for each level of access. Part of the composition root. */
import { type TcpFiles, loadTcpFiles } from "./config/tcp-files.ts";
import type { ControlPort } from "./control/control-port.ts";
import { type ServeOptions, serveControl } from "./control/server.ts";
import { unlinkStaleSocket } from "./control/socket-file.ts";
import type { Settings, TcpSettings } from "./core/definition.ts";
import { controlSocketOf, statusSocketOf } from "./core/paths.ts";
import { isoOf } from "./core/view.ts";
import { type ControlParts, makeControlPort } from "./daemon-control.ts";
import { CannotStart } from "./daemon-failure.ts";
import type { Logs } from "./daemon-logs.ts";
import type { ServiceMemory } from "./daemon-memory.ts";
import { clock } from "./daemon-ports.ts";
import type { ServingGroups } from "./daemon-places.ts";
import { readDescriptorLimit } from "./os/descriptor-limit.ts";
import type { SupervisorRole } from "./role.ts";
import { VERSION } from "./version.ts";

/** Most connections of those who may only look, and of those from the network. */
const MOST_GUESTS = 256;

interface ServingParts {
  /** The supervisor's runtime directory. */
  readonly runtime: string;
  readonly port: ControlPort;
  readonly groups: ServingGroups;
  /** null: nobody comes in from the network. */
  readonly door: Door | null;
  /** Is told of bugs of ours. */
  readonly report: (message: string) => void;
}

/** The door to the network, and what guards it. */
interface Door {
  readonly settings: TcpSettings;
  readonly files: TcpFiles;
}

/** Reads what guards the door. Before root is given up: its files may be root's alone. */
export function loadDoor({ control }: Settings): Door | null {
  if (control.tcp === null) return null;
  const loaded = loadTcpFiles(control.tcp, process.geteuid?.() ?? 0);
  if (loaded.tag === "loaded") return { settings: control.tcp, files: loaded.files };
  throw new CannotStart(loaded.faults.map(({ key, reason }) => `cannot use "control.tcp.${key}": ${reason}`));
}

interface Serving {
  close(): Promise<void>;
}

/** Opens all sockets. The caller holds the supervisor's lock. */
async function openServing({ runtime, port, groups, door, report }: ServingParts): Promise<Serving> {
  // The other descriptors are for services, their logs and whatever is opened for a moment.
  const quarter = Math.floor(readDescriptorLimit() / 4);
  const control = open(controlSocketOf(runtime), port, {
    access: "operate",
    group: groups.control,
    capacity: quarter,
    report,
  });
  const path = statusSocketOf(runtime);
  removeStale(path);
  const capacity = Math.min(MOST_GUESTS, Math.ceil(quarter / 2));
  const status =
    groups.status === null ? null : open(path, port, { access: "read", group: groups.status, capacity, report });
  const network = door === null ? null : await openDoor(door, port, { capacity, report });
  return {
    async close() {
      await Promise.all([control.close(), status?.close(), network?.close()]);
    },
  };
}

async function openDoor(
  { settings, files }: Door,
  port: ControlPort,
  options: Pick<ServeOptions, "capacity" | "report">,
): Promise<Serving> {
  const { serveTcp } = await import("./control/serve-tcp.ts");
  const { listen, access, hosts } = settings;
  const serving = serveTcp(port, { ...options, ...listen, ...files, access, hosts });
  if (serving.tag === "failed") throw new CannotStart([serving.message]);
  return serving;
}

function open(path: string, port: ControlPort, options: ServeOptions): Serving {
  removeStale(path);
  const serving = serveControl(path, port, options);
  if (serving.tag === "failed") throw new CannotStart([serving.message]);
  return serving;
}

function removeStale(path: string): void {
  const unlinked = unlinkStaleSocket(path);
  if (unlinked.tag === "failed") throw new CannotStart([unlinked.message]);
}

type Spoken = Omit<ControlParts, "plane" | "version" | "logDirectory" | "syslogDropped">;

/** What is spoken for, and what is needed for that. */
interface OpeningParts extends Spoken {
  readonly logs: Logs;
  readonly groups: ServingGroups;
  readonly door: Door | null;
  readonly memory: ServiceMemory;
}

/** Opens what clients talk to. */
export function openControl(role: SupervisorRole, parts: OpeningParts): Promise<Serving> {
  const { logs, groups, door, memory } = parts;
  const { directories } = role;
  const now = clock.wall();
  const { since: begun, generation: first, versionSince } = memory.beginning(directories.runtime, VERSION, now);
  const since = isoOf(now);
  const { program: binary } = role;
  const version = { version: VERSION, pid: process.pid, since, config: role.options.config, directories, binary };
  const ancestry = {
    daemon_since: isoOf(begun),
    version_since: isoOf(versionSince),
    generation: memory.generation,
    replacements: memory.generation - first,
  };
  const port = makeControlPort({
    ...parts,
    plane: logs.plane,
    version: { ...version, ...ancestry },
    logDirectory: directories.log,
    syslogDropped: () => logs.syslogDropped(),
  });
  return openServing({
    runtime: directories.runtime,
    port,
    groups,
    door,
    report: (message) => logs.report("crit", message),
  });
}
