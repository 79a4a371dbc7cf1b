/* The estate of this supervisor: what it would leave to a successor. Part of the composition root. */
import type { EstatePort } from "./core/estate.ts";
import { fillMemoryFile, makeMemoryFile, takeMemoryFile } from "./os/memory-file.ts";
import type { FileKeeper } from "./os/state-file.ts";
import { closeDescriptor } from "./os/pipe-io.ts";

/** Descriptors by their names, in the order in which they were held. */
export type Manifest = ReadonlyMap<string, number>;

/** A memory file for a process that inherits the descriptors. Throws without memory. */
export function writeManifest(manifest: Manifest): number {
  const fd = makeMemoryFile("estate");
  fillMemoryFile(fd, JSON.stringify([...manifest]));
  return fd;
}

/** What such a file says, which is closed; null stands for none. */
export function takeManifest(fd: number | null): Manifest {
  return new Map(fd === null ? [] : (JSON.parse(takeMemoryFile(fd)) as readonly (readonly [string, number])[]));
}

/** Where duplicates of the descriptors are kept, in a process of its own. */
export interface EstateMirror {
  hold(name: string, fd: number): void;
  release(name: string): void;
  /** What was said above is on its way now, and gets there even if this process dies. */
  flush(): void;
}

/** Keeps a file of the runtime directory, which a successor needs also if somebody has removed its name. */
export function keeperOf(estate: EstatePort, file: string): FileKeeper {
  const name = nameOf(file);
  return { inherit: () => estate.inherit(name).get(name) ?? null, hold: (fd) => estate.hold(name, fd) };
}

/** Whatever has the name of this file is the one that counts from now on. */
export function letGoOfFile(estate: EstatePort, file: string): void {
  const fd = keeperOf(estate, file).inherit();
  if (fd === null) return;
  estate.release(nameOf(file));
  closeDescriptor(fd);
}

function nameOf(file: string): string {
  return `file ${JSON.stringify(file)}`;
}

export class Estate implements EstatePort {
  readonly #held = new Map<string, number>();
  /** By the first word of their names: most are pipes, and many ask for something else. */
  readonly #inherited: Map<string, Map<string, number>>;
  readonly #mirror: EstateMirror | null;

  /** `inherited`: what a predecessor left, which the mirror holds already. */
  constructor(inherited: Manifest, mirror: EstateMirror | null = null) {
    this.#inherited = new Map();
    for (const [name, fd] of inherited) {
      const alike = this.#inherited.get(firstWordOf(name));
      if (alike === undefined) this.#inherited.set(firstWordOf(name), new Map([[name, fd]]));
      else alike.set(name, fd);
    }
    this.#mirror = mirror;
  }

  /** All that is held, and what was inherited and nobody has asked for yet. */
  get manifest(): Manifest {
    return new Map([...[...this.#inherited.values()].flatMap((alike) => [...alike]), ...this.#held]);
  }

  hold(name: string, fd: number): void {
    this.#held.set(name, fd);
    this.#mirror?.hold(name, fd);
  }

  release(name: string): void {
    if (this.#held.delete(name)) this.#mirror?.release(name);
  }

  inherit(prefix: string): Manifest {
    const alike = this.#inherited.get(firstWordOf(prefix)) ?? new Map<string, number>();
    const found = new Map<string, number>();
    for (const [name, fd] of alike) {
      if (!name.startsWith(prefix)) continue;
      alike.delete(name);
      this.#held.set(name, fd);
      found.set(name, fd);
    }
    return found;
  }

  flush(): void {
    this.#mirror?.flush();
  }

  /** Lets go of what a predecessor has left and nobody has asked for. */
  forsake(): void {
    for (const [name, fd] of [...this.#inherited.values()].flatMap((alike) => [...alike])) {
      this.#mirror?.release(name);
      closeDescriptor(fd);
    }
    this.#inherited.clear();
  }
}

/** A prefix that is asked for has at least that. */
function firstWordOf(name: string): string {
  const end = name.indexOf(" ");
  return end < 0 ? name : name.slice(0, end);
}
