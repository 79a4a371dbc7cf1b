/*
 * What a successor can tell before it has become one: the services as the supervisor that died has written them down. Part of
 * the composition root.
 */
import type { FirstPort } from "./control/handlers.ts";
import type { Definition } from "./core/definition.ts";
import type { SavedService } from "./core/saved-record.ts";
import { type ServiceRecord, newRecord } from "./core/service-record.ts";
import type { ServiceView } from "./core/service-view.ts";
import { type Clocks, viewOf } from "./core/view.ts";
import { clock } from "./daemon-ports.ts";
import type { FileChanges } from "./supervisor/file-changes.ts";

interface FirstParts {
  /** Of the configuration in force. */
  readonly definitions: readonly Definition[];
  readonly templates: readonly string[];
  /** By service. */
  readonly saved: ReadonlyMap<string, SavedService>;
  readonly files: FileChanges;
}

export function firstPortOf({ definitions, templates, saved, files }: FirstParts): FirstPort {
  const records = new Map<string, ServiceRecord>();
  for (const definition of definitions) {
    if (!saved.has(definition.name)) records.set(definition.name, newRecord(definition, clock.wall()));
  }
  for (const [service, { record }] of saved) records.set(service, record);

  function view(record: ServiceRecord, clocks: Clocks): ServiceView {
    const isChangedOnDisk = files.isChanged(newestOf(record));
    return viewOf(record, clocks, { lastCheck: null, isChangedOnDisk, trouble: null });
  }

  return {
    names: () => [...records.keys()].sort(),
    templates: () => templates,
    look(name) {
      const wanted = name === null ? [...records.values()] : [records.get(name)];
      return files.look(wanted.flatMap((record) => (record === undefined ? [] : [newestOf(record)])));
    },
    services(isWanted = () => true) {
      const clocks = clocksNow();
      const wanted = [...records].filter(([name]) => isWanted(name));
      const views = wanted.map(([, record]) => view(record, clocks));
      return views.sort((left, right) => (left.name < right.name ? -1 : 1));
    },
    service(name) {
      const record = records.get(name);
      return record === undefined ? null : view(record, clocksNow());
    },
  };
}

function clocksNow(): Clocks {
  return { now: clock.now(), wall: clock.wall() };
}

function newestOf(record: ServiceRecord): Definition {
  return record.next ?? record.definition;
}
