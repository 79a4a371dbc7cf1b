/* Opens what clients talk to: a socket for each level of access. Part of the composition root. */
import { type TcpFiles, loadTcpFiles } from "./config/tcp-files.ts";
import type { ControlPort } from "./control/control-port.ts";
import type { FirstPort } from "./control/handlers.ts";
import { type ServeOptions, type ServeResult, type ServeSocketResult, serveControl } from "./control/server.ts";
import { unlinkStaleSocket } from "./control/stale-socket-file.ts";
import type { Settings, TcpSettings } from "./core/definition.ts";
import type { EstatePort } from "./core/estate.ts";
import { controlSocketOf, statusSocketOf } from "./core/paths.ts";
import { isoOf } from "./core/view.ts";
import { type ControlSocket, openControlSocket } from "./daemon-control-socket.ts";
import { type ControlParts, makeControlPort } from "./daemon-control.ts";
import { CannotStart } from "./daemon-failure.ts";
import { type Entrance, KNOCK, Knocks } from "./daemon-knocks.ts";
import type { Logs } from "./daemon-logs.ts";
import type { ServiceMemory } from "./daemon-memory.ts";
import { clock } from "./daemon-ports.ts";
import type { ServingGroups } from "./daemon-places.ts";
import { signalConnections } from "./os/connection-signal.ts";
import { readDescriptorLimit } from "./os/descriptor-limit.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { hasRoomFor } from "./os/reserve-numbers.ts";
import type { SupervisorRole } from "./role.ts";
import type { Report } from "./supervisor/ports.ts";
import { VERSION } from "./version.ts";

/** Most connections of those who may only look, and of those from the network. */
const MOST_GUESTS = 256;
/** So long those are answered first who waited for a supervisor, in milliseconds: then it becomes one. */
const FIRST_ANSWERS_WITHIN = 50;
/** Turns of the loop in which who waited is taken in, and heard. */
const TURNS_TO_HEAR = 4;

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

interface ServingParts {
  /** The supervisor's runtime directory. */
  readonly runtime: string;
  readonly estate: EstatePort;
  /** What can be told at once; null: nothing. */
  readonly first: FirstPort | null;
  /** Is told of bugs of ours and of what is missing, once everything is in its place. */
  readonly report: Report;
}

type Served = Extract<ServeResult, { readonly tag: "serving" }>;
type ServedSocket = Extract<ServeSocketResult, { readonly tag: "serving" }>;

/** What clients talk to. Who asks waits for the supervisor, unless what is asked can be told at once. */
export class Serving {
  readonly #coming = Promise.withResolvers<ControlPort>();
  /** Once everything is in its place. */
  readonly #tell: Report;
  readonly #knocks: Knocks;
  readonly #parts: Omit<ServingParts, "first">;
  #first: FirstPort | null;
  /** By their paths. */
  readonly #sockets = new Map<string, { readonly served: Served; readonly close: () => void }>();
  #network: Served | null = null;
  #isOver = false;

  constructor(parts: ServingParts) {
    const { first, ...rest } = parts;
    this.#parts = rest;
    this.#first = first;
    this.#tell = (severity, message) => void this.#coming.promise.then(() => parts.report(severity, message));
    this.#knocks = new Knocks(this.#tell);
  }

  /** Opens the sockets that are not open yet. The caller holds the supervisor's lock. Throws CannotStart. */
  open(groups: ServingGroups): void {
    const { runtime } = this.#parts;
    const capacity = quarterOfDescriptors();
    this.#openSocket(controlSocketOf(runtime), groups.control, { access: "operate", capacity });
    const status = statusSocketOf(runtime);
    if (groups.status === null) removeStale(status);
    else this.#openSocket(status, groups.status, { access: "read", capacity: mostGuests() });
  }

  #openSocket(path: string, group: number | null, options: Omit<ServeOptions, "report">): void {
    if (this.#isOver || this.#sockets.has(path)) return;
    const socket = openControlSocket(path, group, this.#parts.estate);
    const port = { first: () => this.#first, whole: this.#coming.promise };
    const served = serveControl(socket.listening, port, { ...options, report: (bug) => this.#tell("crit", bug) });
    if (served.tag === "failed") {
      socket.close();
      throw new CannotStart([`cannot serve "${path}": ${served.message}`]);
    }
    signalConnections(socket.listening, KNOCK);
    this.#knocks.add(entranceOf(socket, served));
    this.#sockets.set(path, { served, close: () => socket.close() });
  }

  /** Those who waited for a supervisor are taken in, until there is something to answer: its files are looked at from then on. */
  async hear(): Promise<void> {
    for (let turn = 0; turn < TURNS_TO_HEAR && !this.#isAnswering; turn++) await nextTurn();
  }

  /** They are answered what can be told at once. */
  async answerFirst(): Promise<void> {
    const until = performance.now() + FIRST_ANSWERS_WITHIN;
    for (let turn = 0; turn < TURNS_TO_HEAR || (this.#isAnswering && performance.now() < until); turn++)
      await nextTurn();
  }

  get #isAnswering(): boolean {
    return [...this.#sockets.values()].some(({ served }) => served.isAnswering());
  }

  /** Lets others in from the network. Throws CannotStart. */
  async openDoor(door: Door | null, port: ControlPort): Promise<void> {
    const report = (bug: string): void => this.#tell("crit", bug);
    if (door !== null && !this.#isOver) this.#network = await openDoor(door, port, report);
  }

  /** Everything is in its place: whoever waits is answered. */
  complete(port: ControlPort): void {
    this.#coming.resolve(port);
    // What a predecessor has written of its services is not kept for life.
    this.#first = null;
  }

  /** Takes no more requests; who connects waits for the next supervisor. Ends when all that was asked is answered, or soon. */
  async rest(): Promise<void> {
    this.#isOver = true;
    this.#knocks.close();
    const sockets = [...this.#sockets.values()].map(({ served }) => served);
    const all = [...sockets, ...(this.#network === null ? [] : [this.#network])];
    await Promise.all(all.map((served) => served.close()));
  }

  /** The same, for good. */
  async close(): Promise<void> {
    const resting = this.rest();
    for (const { close } of this.#sockets.values()) close();
    this.#sockets.clear();
    await resting;
  }
}

function entranceOf(socket: ControlSocket, served: ServedSocket): Entrance {
  return {
    isAwaited: () => socket.isAwaited(),
    shut: () => served.stop(),
    open() {
      const another = socket.duplicate();
      if (another === null) return false;
      try {
        // Whoever is to be taken in needs one as well.
        if (hasRoomFor(1)) return (served.goOn(another), true);
      } catch {
        // It is tried again.
      }
      closeDescriptor(another);
      return false;
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function openDoor(
  { settings, files }: Door,
  port: ControlPort,
  report: (message: string) => void,
): Promise<Served> {
  const { serveTcp } = await import("./control/serve-tcp.ts");
  const { listen, access, hosts } = settings;
  const options = { ...listen, ...files, access, hosts, capacity: mostGuests(), report };
  const serving = serveTcp(port, options);
  if (serving.tag === "failed") throw new CannotStart([serving.message]);
  return serving;
}

/** The other descriptors are for services, their logs and whatever is opened for a moment. */
function quarterOfDescriptors(): number {
  return Math.floor(readDescriptorLimit() / 4);
}

function mostGuests(): number {
  return Math.min(MOST_GUESTS, Math.ceil(quarterOfDescriptors() / 2));
}

function removeStale(path: string): void {
  const unlinked = unlinkStaleSocket(path);
  if (unlinked.tag === "failed") throw new CannotStart([unlinked.message]);
}

/** What is spoken for, and what is needed for that. */
interface Spoken extends Omit<ControlParts, "plane" | "fileReaders" | "version" | "logDirectory" | "syslogDropped"> {
  readonly logs: Logs;
  readonly memory: ServiceMemory;
}

/** What clients talk to in the end. */
export function controlPortOf(role: SupervisorRole, parts: Spoken): ControlPort {
  const { logs, memory } = parts;
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
  return makeControlPort({
    ...parts,
    plane: logs.plane,
    fileReaders: logs.files,
    version: { ...version, ...ancestry },
    logDirectory: directories.log,
    syslogDropped: () => logs.syslogDropped(),
  });
}
