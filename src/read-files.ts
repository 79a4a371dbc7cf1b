/* Reads log files in this process, for whoever has no supervisor to ask. Part of the composition root. */
import type { FilesWish } from "./cli/world.ts";
import type { OutputItem } from "./control/control-port.ts";
import { lookAtLogFile } from "./os/log-file.ts";
import { openReadableLog } from "./os/readable-log.ts";
import { outputLineOf } from "./reading/encode-records.ts";
import { readLogs } from "./reading/read-logs.ts";

export function* readLogFiles({ services, count, wishes, window }: FilesWish): Generator<OutputItem, void, undefined> {
  const request = {
    services: services.map((service) => ({
      ...service,
      ...window,
      marks: [],
      memory: [],
      filesUntil: null,
      run: null,
    })),
    count,
    wishes,
  };
  for (const { records, notes } of readLogs(request, { lookAtLogFile, openReadableLog })) {
    for (const note of notes) yield { note, exit: 0 };
    yield* records.map(outputLineOf);
  }
}
