/*
 * What a successor can tell before it has become one: the services as the supervisor that died has written them down. Part of
 * the composition root.
 */
import type { FirstPort } from "./control/handlers.ts";
import type { Definition } from "./core/definition.ts";
import { once } from "./core/once.ts";
import type { SavedService } from "./core/saved-record.ts";
import { type ServiceRecord, newRecord } from "./core/service-record.ts";
import type { ServiceView } from "./core/service-view.ts";
import { type Clocks, viewOf } from "./core/view.ts";
import { clock } from "./daemon-ports.ts";
import type { FileChanges } from "./supervisor/file-changes.ts";

interface FirstParts {
  /** That which is in force. */
  readonly configuration: { readonly definitions: readonly Definition[]; readonly templates: readonly string[] };
  /** By service. Not asked for before a state is to be told. */
  saved(): ReadonlyMap<string, SavedService>;
  readonly files: FileChanges;
}

export function firstPortOf({ configuration, saved, files }: FirstParts): FirstPort {
  const { definitions, templates } = configuration;
  const recall = once(() => recordsOf(definitions, saved()));

  function view(record: ServiceRecord, clocks: Clocks): ServiceView {
    const isChangedOnDisk = files.isChanged(newestOf(record));
    return viewOf(record, clocks, { lastCheck: null, isChangedOnDisk, trouble: null });
  }

  return {
    names: () => [...recall().keys()].sort(),
    templates: () => templates,
    look: (name) => files.look(name === null ? definitions : definitions.filter((each) => each.name === name)),
    services(isWanted = () => true) {
      const clocks = clocksNow();
      const wanted = [...recall()].filter(([name]) => isWanted(name));
      const views = wanted.map(([, record]) => view(record, clocks));
      return views.sort((left, right) => (left.name < right.name ? -1 : 1));
    },
    service(name) {
      const record = recall().get(name);
      return record === undefined ? null : view(record, clocksNow());
    },
  };
}

function recordsOf(
  definitions: readonly Definition[],
  saved: ReadonlyMap<string, SavedService>,
): ReadonlyMap<string, ServiceRecord> {
  const records = new Map<string, ServiceRecord>();
  for (const definition of definitions) {
    if (!saved.has(definition.name)) records.set(definition.name, newRecord(definition, clock.wall()));
  }
  for (const [service, { record }] of saved) records.set(service, record);
  return records;
}

function clocksNow(): Clocks {
  return { now: clock.now(), wall: clock.wall() };
}

function newestOf(record: ServiceRecord): Definition {
  return record.next ?? record.definition;
}
