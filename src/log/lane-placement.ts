/*
 * With which Worker a service is: the one of the file systems that its logs lie on. A file has one writer alone, as its journal
 * takes what somebody else has written for damage. So services with a file in common are with one Worker, which is that of all
 * their file systems, and as long as one of them has open pipes, the Worker that reads those: nobody writes the file from two
 * Workers while one of them lets go.
 */
import { logFilesOf } from "../core/log-policy.ts";
import { FileGroups } from "./file-groups.ts";
import type { PlaneLane } from "./plane-lane.ts";
import type { PlaneLanes } from "./plane-lanes.ts";
import type { ToPlane } from "./plane-messages.ts";

export type Configure = Extract<ToPlane, { readonly tag: "configure" }>;

/** Where nothing is written to files. */
const FILELESS_LANE = "no file";

export interface PlacementPorts {
  /** The name of the lane for these files. */
  laneOf(files: readonly string[]): string;
  /** Has a lane let go of the pipes of a service. */
  release(lane: PlaneLane, service: string): Promise<unknown>;
}

export class LanePlacement {
  readonly #lanes: PlaneLanes;
  readonly #ports: PlacementPorts;
  readonly #groups = new FileGroups();
  readonly #configured = new Map<string, Configure>();
  /** Those that are gone, but for pipes that somebody still holds. */
  readonly #leaving = new Set<string>();

  constructor(lanes: PlaneLanes, ports: PlacementPorts) {
    this.#lanes = lanes;
    this.#ports = ports;
  }

  /** Places the service, and those that it shares files with, and tells its lane what is to become of its output. */
  configure(message: Configure): void {
    const { service, policy, file } = message;
    this.#leaving.delete(service);
    this.#sweep();
    this.#configured.set(service, message);
    const files = file === null ? [] : logFilesOf(policy, file);
    this.#groups.set(
      service,
      files.filter(({ sink }) => sink.feed.tag !== "drop").map(({ path }) => path),
    );
    const group = this.#groups.groupOf(service);
    const name = this.#nameFor(service, group);
    for (const member of group) {
      const isMoved = this.#lanes.place(member, name, (old) => this.#ports.release(old, member));
      const known = this.#configured.get(member);
      if (known !== undefined && (isMoved || member === service)) this.#lanes.of(member).tell(known);
    }
  }

  /** true: it is known what becomes of the output of the service. */
  knows(service: string): boolean {
    return this.#configured.has(service);
  }

  /** The service is gone; it counts as long as it has pipes. */
  forget(service: string): void {
    this.#leaving.add(service);
  }

  #nameFor(service: string, group: readonly string[]): string {
    const others = group.filter((member) => member !== service);
    // Where others have pipes already, it joins them.
    const candidates = others.length === 0 ? [] : [...others, service];
    const holder = candidates.find((member) => this.#hasPipes(member));
    if (holder !== undefined) return this.#lanes.nameOf(holder);
    const files = this.#groups.filesOf(group);
    return files.length === 0 && this.#waitsForNone(service) ? FILELESS_LANE : this.#ports.laneOf(files);
  }

  /** true: its files are written by others, and no file is to keep its lines waiting. */
  #waitsForNone(service: string): boolean {
    const sinks = this.#configured.get(service)?.policy.sinks ?? [];
    return sinks.some((sink) => sink.type === "file" && sink.feed.tag === "drop");
  }

  #sweep(): void {
    for (const service of this.#leaving) {
      if (this.#hasPipes(service)) continue;
      this.#leaving.delete(service);
      this.#configured.delete(service);
      this.#groups.remove(service);
    }
  }

  #hasPipes(service: string): boolean {
    return this.#lanes.of(service).state.hasPipesOf(service);
  }
}
