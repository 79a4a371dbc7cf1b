/* The life of one supervisor, as its guardian sees it. Part of the composition root. */
import { type Exit, exitWordsOf } from "./core/exit.ts";
import type { Instant } from "./core/units.ts";
import { type Manifest, writeManifest } from "./daemon-estate.ts";
import { type ToGuardian, type ToSupervisor, decodeMessage, encodeMessage } from "./guardian-messages.ts";
import { monotonicNow } from "./os/clock.ts";
import { PacketSocket, openPacketPair } from "./os/packet-socket.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { spawnRole, surviveExec } from "./os/spawn-role.ts";
import { type GuardianRole, type SupervisorRole, type Ward, roleArguments, roleEnvironment } from "./role.ts";
import { VERSION } from "./version.ts";

export type Birth =
  { readonly tag: "born"; readonly life: SupervisorLife } | { readonly tag: "failed"; readonly reason: string };

/** What a supervisor begins with. */
export interface Beginning extends Pick<
  SupervisorRole,
  "handover" | "record" | "oomScore" | "before" | "upgrade" | "program"
> {
  /** The program that is executed. */
  readonly image: string;
  /** Since when the guardian is of its version, milliseconds since 1970. */
  readonly since: number;
}

export interface Heard {
  readonly message: ToGuardian;
  readonly descriptors: readonly number[];
}

export class SupervisorLife {
  readonly pid: number;
  readonly began: Instant;
  readonly #socket: PacketSocket;
  wasReady = false;
  /** What it has said that everything ends with. */
  over: number | null = null;
  /** Why it could not go on; null: it has said nothing. */
  lastWords: string | null = null;

  private constructor(pid: number, socket: PacketSocket, began: Instant) {
    this.pid = pid;
    this.#socket = socket;
    this.began = began;
  }

  /** One that is up, and that the guardian before this one has started. */
  static goesOn({ pid, link, began }: Ward): SupervisorLife {
    surviveExec(link, false);
    const life = new SupervisorLife(pid, new PacketSocket(link), began);
    life.wasReady = true;
    return life;
  }

  /** Starts one. It inherits what the guardian holds, which stays open over an exec, and what its role names. */
  static begin(role: GuardianRole, { image, since, ...given }: Beginning, held: Manifest): Birth {
    try {
      const [own, link] = openPacketPair();
      const estate = held.size === 0 ? null : writeManifest(held);
      const guardian = { pid: process.pid, link, version: VERSION, since };
      const spawned = spawnAs({ ...role, ...given, tag: "supervisor", signalPipe: null, guardian, estate }, image);
      closeDescriptor(link);
      if (estate !== null) closeDescriptor(estate);
      if (spawned.tag === "spawned")
        return { tag: "born", life: new SupervisorLife(spawned.pid, new PacketSocket(own), monotonicNow()) };
      closeDescriptor(own);
      return { tag: "failed", reason: `exec of ${image} failed: ${spawned.errno}` };
    } catch (error) {
      return { tag: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Readable once the supervisor has said something, and once it has ended. */
  get fd(): number {
    return this.#socket.fd;
  }

  /** false: it reads too slowly; to be said again later. */
  tell(message: ToSupervisor): boolean {
    const outcome = this.#socket.send(encodeMessage(message));
    if (outcome === "sent") this.#ring();
    return outcome !== "full";
  }

  /** It has closed its end: nothing comes from it any more. */
  hasHungUp = false;

  /** The next thing that it has said, with the descriptors that came along; null: nothing now. */
  hear(): Heard | null {
    const packet = this.#socket.receive();
    if (packet.tag === "ended") this.hasHungUp = true;
    if (packet.tag !== "packet") return null;
    return { message: decodeMessage<ToGuardian>(packet.bytes), descriptors: packet.descriptors };
  }

  close(): void {
    closeDescriptor(this.#socket.fd);
  }

  /** It looks at the socket when it hears of the end of a child, so it needs no thread that waits for it. */
  #ring(): void {
    try {
      process.kill(this.pid, "SIGCHLD");
    } catch {
      // It has ended; whoever comes next is told.
    }
  }
}

function spawnAs(role: SupervisorRole, path: string): ReturnType<typeof spawnRole> {
  const { handover, guardian, estate } = role;
  const kept = [handover?.configuration, handover?.complete, handover?.readyPipe, guardian?.link, estate];
  const image = { path, argv: roleArguments(role), env: roleEnvironment(role, process.env) };
  return spawnRole(
    image,
    kept.filter((fd) => typeof fd === "number"),
  );
}

/** What is said of a supervisor that has ended; without a number, there was none. */
export type Ending = Pick<SupervisorLife, "began" | "over" | "wasReady" | "lastWords"> & {
  readonly pid: number | null;
};

/** How it has ended, for the log of the next one. */
export function wordsOf(life: Ending, exit: Exit): string {
  const process = life.pid === null ? "it could not be started" : `pid ${life.pid} ${exitWordsOf(exit)}`;
  return life.lastWords === null ? process : `${process}: ${life.lastWords}`;
}
