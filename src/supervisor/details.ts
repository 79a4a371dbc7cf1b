/* What there is to know of one service beside its state: gathered when somebody asks. */
import { checkWordsOf, listenWordsOf, scheduleWordsOf } from "../core/check-words.ts";
import type { Definition } from "../core/definition.ts";
import type { DetailsView, LinkView, ProcessView } from "../core/details-view.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { PUBLIC_STATE_OF } from "../core/service-state.ts";
import type { UsageView } from "../core/usage-view.ts";
import type { Supervisor } from "./supervisor.ts";
import { type ProcessUsage, Usages } from "./usage.ts";

export interface DetailsPorts {
  readUsages(pids: readonly number[]): readonly (ProcessUsage | null)[];
  /** Absolute; null: its output goes elsewhere. */
  logFileOf(definition: Definition): string | null;
}

/** More processes than these are not shown one by one. */
const MOST_PROCESSES = 500;

export class Details {
  readonly #supervisor: Supervisor;
  readonly #ports: DetailsPorts;
  readonly #usages: Usages;

  constructor(supervisor: Supervisor, ports: DetailsPorts) {
    const { belongings } = supervisor;
    this.#supervisor = supervisor;
    this.#ports = ports;
    this.#usages = new Usages({
      clock: supervisor.ports.clock,
      processesOf: (service) => belongings.processesOf(service),
      invocationOf: (service) => belongings.invocationOf(service),
      read: (pids) => ports.readUsages(pids),
    });
  }

  /** What these services use, of `most` at most; those of which nothing runs are left out. */
  usages(isWanted: (name: string) => boolean, most: number): readonly UsageView[] {
    const { fleet } = this.#supervisor;
    this.#usages.keepOnly((name) => fleet.get(name) !== null);
    const wanted = [...fleet.records()].filter(({ definition }) => isWanted(definition.name));
    if (wanted.length > most) return [];
    const views = wanted.map((record) => this.#usages.of(record)).filter((view) => view !== null);
    return views.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** null: there is no such service. */
  of(name: string): DetailsView | null {
    const record = this.#supervisor.fleet.get(name);
    if (record === null) return null;
    const definition = record.next ?? record.definition;
    const { ready, health, schedule, sockets } = definition;
    return {
      name,
      source: definition.source,
      user: definition.user,
      ready_by: ready === null ? null : checkWordsOf(ready.method),
      health_by: health === null ? null : checkWordsOf(health.check),
      schedule: schedule === null ? null : scheduleWordsOf(schedule),
      needs: this.#needsOf(definition),
      needed_by: this.#neededBy(name),
      sockets: sockets.map((socket) => ({ name: socket.name, address: listenWordsOf(socket.listen) })),
      stored_descriptors: this.#supervisor.companions.storedNamesOf(name),
      log_file: this.#ports.logFileOf(definition),
      log_losses: this.#supervisor.ports.output.lossesOf(name),
      usage: this.#usages.of(record),
      processes: this.#processesOf(record),
    };
  }

  /** Its own `after` and the `before` of others, each service once, by the strongest link. */
  #needsOf(definition: Definition): readonly LinkView[] {
    const { requires, wants, after, name } = definition;
    const found = new Map<string, LinkView["how"]>();
    for (const each of requires) found.set(each.name, "requires");
    for (const each of wants) if (!found.has(each)) found.set(each, "wants");
    const earlier = [...after];
    for (const record of this.#supervisor.fleet.records()) {
      const other = record.next ?? record.definition;
      if (other.before.length > 0 && other.before.includes(name)) earlier.push(other.name);
    }
    for (const each of earlier) if (!found.has(each)) found.set(each, "after");
    return this.#linksOf(found);
  }

  #neededBy(name: string): readonly LinkView[] {
    const found = new Map<string, LinkView["how"]>();
    for (const record of this.#supervisor.fleet.records()) {
      const other = record.next ?? record.definition;
      // Most need nobody: of a thousand services, that is found out a thousand times.
      if (other.requires.length + other.wants.length + other.after.length === 0) continue;
      if (other.requires.some((each) => each.name === name)) found.set(other.name, "requires");
      else if (other.wants.includes(name)) found.set(other.name, "wants");
      else if (other.after.includes(name)) found.set(other.name, "after");
    }
    const own = this.#supervisor.fleet.get(name);
    for (const each of (own?.next ?? own?.definition)?.before ?? []) if (!found.has(each)) found.set(each, "after");
    return this.#linksOf(found);
  }

  #linksOf(found: ReadonlyMap<string, LinkView["how"]>): readonly LinkView[] {
    return [...found].map(([name, how]) => {
      const record = this.#supervisor.fleet.get(name);
      return { name, how, state: record === null ? null : PUBLIC_STATE_OF[record.state.tag] };
    });
  }

  #processesOf({ definition }: ServiceRecord): readonly ProcessView[] {
    const { belongings, ports } = this.#supervisor;
    const rows = belongings.processesOf(definition.name).slice(0, MOST_PROCESSES);
    const used = this.#ports.readUsages(rows.map(({ pid }) => pid));
    const main = belongings.mainOf(definition.name);
    const views = rows.flatMap(({ pid, parent, state }, index): readonly ProcessView[] => {
      const usage = used[index] ?? null;
      if (usage === null) return [];
      const { cpuMs, memoryBytes } = usage;
      return [{ pid, parent, name: ports.processes.name(pid), state, cpu_ms: cpuMs, memory_bytes: memoryBytes }];
    });
    return views.toSorted((left, right) => Number(right.pid === main) - Number(left.pid === main));
  }
}
