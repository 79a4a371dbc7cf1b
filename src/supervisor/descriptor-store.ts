/*
 * Descriptors that services have given into keeping (FDSTORE=1) and get back, after their sockets, when they are started
 * again: over a restart, or as long as the definition is there. They are this process's own until they are dropped, and go on
 * to its successor with all that it has to know of them in their name there.
 */
import type { Definition } from "../core/definition.ts";
import type { EstatePort } from "../core/estate.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import type { ServiceState } from "../core/service-state.ts";
import type { Companion, Equipment } from "./companion.ts";
import type { OutputPort, Report } from "./ports.ts";
import type { DescriptorKeeper } from "./run-speech.ts";

export interface DescriptorStorePorts {
  readonly report: Report;
  readonly estate: EstatePort;
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  /** Tells which descriptors are hung up on; its own descriptor is readable while there are such. */
  readonly hangups: {
    readonly fd: number;
    /** false: this kind never is. */
    add(fd: number): boolean;
    remove(fd: number): void;
    look(): readonly number[];
  };
  /** true if two descriptors are duplicates of each other. */
  isSameOpenFile(left: number, right: number): boolean;
  closeFd(fd: number): void;
  record(service: string): ServiceRecord | null;
}

export interface StoredDescriptor {
  readonly fd: number;
  /** As in LISTEN_FDNAMES. */
  readonly name: string;
}

interface Stored extends StoredDescriptor {
  readonly isPolled: boolean;
  /** Its name in the estate. */
  readonly heldAs: string;
}

/** The first word of names in the estate: "stored SERVICE NUMBER polled NAME". */
const HELD = "stored";
const POLLED = "polled";

export class DescriptorStore implements Companion, DescriptorKeeper {
  readonly #ports: DescriptorStorePorts;
  readonly #stores = new Map<string, Stored[]>();
  /** Services of whose present run it was said that something was refused. */
  readonly #refused = new Set<string>();
  #isWatching = false;
  /** How many have ever been stored. */
  #count = 0;

  constructor(ports: DescriptorStorePorts) {
    this.#ports = ports;
  }

  /** What a service has stored and is of use yet, oldest first. They stay the store's. */
  storedFor(service: string): readonly StoredDescriptor[] {
    // What the run that has just ended had in hand may be hung up on, and nobody has told of it yet.
    if (this.#isWatching) this.#dropHungUp();
    return this.#stores.get(service) ?? [];
  }

  concerns({ descriptorStore }: Definition): boolean {
    return descriptorStore !== null;
  }

  changed({ definition, state }: ServiceRecord): void {
    if (!this.#stores.has(definition.name)) return;
    const policy = definition.descriptorStore;
    if (policy === null || (policy.keep === "restart" && endsKeeping(state))) this.#dropAll(definition.name);
  }

  /** In the order in which they were stored; whether its definition still allows them shows with the next change. */
  adopted({ definition: { name } }: ServiceRecord): void {
    const { estate, hangups } = this.#ports;
    const stored: Stored[] = [];
    for (const [heldAs, fd] of estate.inherit(`${HELD} ${name} `)) {
      const [, , number, polled, ...words] = heldAs.split(" ");
      this.#count = Math.max(this.#count, Number(number));
      stored.push({ fd, name: words.join(" "), isPolled: polled === POLLED && hangups.add(fd), heldAs });
    }
    if (stored.length > 0) this.#stores.set(name, stored);
    this.#watch();
  }

  allAdopted(): void {
    for (const [heldAs, fd] of this.#ports.estate.inherit(`${HELD} `)) this.#letGo(fd, heldAs);
  }

  equip({ name, descriptorStore }: Definition): Equipment {
    this.#refused.delete(name);
    const env: Readonly<Record<string, string>> =
      descriptorStore === null ? {} : { FDSTORE: String(descriptorStore.max) };
    return { env, descriptors: [] };
  }

  forgotten(service: string): void {
    this.#refused.delete(service);
    this.#dropAll(service);
  }

  close(): void {
    for (const service of [...this.#stores.keys()]) this.#dropAll(service);
    if (this.#isWatching) this.#ports.output.unwatch(this.#ports.hangups.fd);
    this.#isWatching = false;
  }

  keep(service: string, descriptors: readonly number[], how: { readonly name: string; readonly poll: boolean }): void {
    const max = this.#ports.record(service)?.definition.descriptorStore?.max ?? 0;
    const stored = this.#stores.get(service) ?? [];
    let refused = 0;
    for (const fd of descriptors) {
      const isKnown = stored.some((one) => this.#ports.isSameOpenFile(one.fd, fd));
      if (!isKnown && stored.length < max) {
        stored.push(this.#hold(service, fd, how));
        continue;
      }
      if (!isKnown) refused++;
      this.#ports.closeFd(fd);
    }
    // What has brought them is taken out of its socket next, and nobody says it again.
    this.#ports.estate.flush();
    if (stored.length > 0) this.#stores.set(service, stored);
    if (refused > 0) this.#tellRefused(service, refusalWords(refused, max));
    this.#watch();
  }

  drop(service: string, name: string): void {
    this.#dropWhere(service, (one) => one.name === name);
  }

  #hold(service: string, fd: number, { name, poll }: { readonly name: string; readonly poll: boolean }): Stored {
    const isPolled = poll && this.#ports.hangups.add(fd);
    const heldAs = `${HELD} ${service} ${++this.#count} ${isPolled ? POLLED : "unpolled"} ${name}`;
    this.#ports.estate.hold(heldAs, fd);
    return { fd, name, isPolled, heldAs };
  }

  #letGo(fd: number, heldAs: string): void {
    this.#ports.estate.release(heldAs);
    this.#ports.closeFd(fd);
  }

  #tellRefused(service: string, words: string): void {
    if (this.#refused.has(service)) return;
    this.#refused.add(service);
    this.#ports.report("warning", `${service}: ${words}`);
  }

  #dropAll(service: string): void {
    this.#dropWhere(service, () => true);
  }

  #dropWhere(service: string, isMeant: (one: Stored) => boolean): void {
    const stored = this.#stores.get(service) ?? [];
    const rest = stored.filter((one) => !isMeant(one));
    for (const { fd, isPolled, heldAs } of stored.filter(isMeant)) {
      if (isPolled) this.#ports.hangups.remove(fd);
      this.#letGo(fd, heldAs);
    }
    if (rest.length > 0) this.#stores.set(service, rest);
    else this.#stores.delete(service);
  }

  #watch(): void {
    if (this.#isWatching || ![...this.#stores.values()].some((stored) => stored.some((one) => one.isPolled))) return;
    this.#isWatching = true;
    this.#ports.output.watch(this.#ports.hangups.fd, () => {
      this.#isWatching = false;
      this.#dropHungUp();
      this.#watch();
    });
  }

  #dropHungUp(): void {
    const ended = new Set(this.#ports.hangups.look());
    if (ended.size === 0) return;
    for (const service of [...this.#stores.keys()]) this.#dropWhere(service, (one) => ended.has(one.fd));
  }
}

/** Over a restart it is kept, however long that takes; not where nothing says that there will be another run. */
function endsKeeping(state: ServiceState): boolean {
  switch (state.tag) {
    case "down":
    case "done":
    case "failed":
      return true;
    case "waiting":
      return state.on !== "others";
    default:
      return false;
  }
}

function refusalWords(count: number, max: number): string {
  const what = count === 1 ? "a descriptor" : `${count} descriptors`;
  return max === 0
    ? `cannot store ${what}: no fd_store in its definition`
    : `cannot store ${what}: got more than the ${max} of its fd_store`;
}
