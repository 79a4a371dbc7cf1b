/* Fits the data plane and the services to what reading logs needs. Part of the composition root. */
import type { LogPlaces } from "./core/log-place.ts";
import { logPlacesOf } from "./core/log-place.ts";
import { standardLogFileOf } from "./daemon-ports.ts";
import { makeWorker } from "./daemon-worker.ts";
import type { DataPlane } from "./log/data-plane.ts";
import type { FileReaders } from "./log/file-readers.ts";
import { processorTimeOf } from "./os/thread.ts";
import { LogReader } from "./reading/log-reader.ts";
import { readerThreadOf } from "./reading/reader-thread.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";

interface LogSources {
  readonly plane: DataPlane;
  /** Those who write files that services do not wait for. */
  readonly fileReaders: FileReaders;
}

export function makeLogReader(
  supervisor: Supervisor,
  { plane, fileReaders }: LogSources,
  logDirectory: string,
): LogReader {
  return new LogReader({
    placesOf(name): LogPlaces | null {
      const record = supervisor.fleet.get(name);
      return record === null ? null : logPlacesOf(record.definition.log, standardLogFileOf(name, logDirectory));
    },
    mark: (name, listen) => fileReaders.mark(name, listen),
    follow: (name, listen) => plane.follow(name, listen),
    unfollow: (name, listen) => plane.unfollow(name, listen),
    onService: (listen) =>
      supervisor.events.subscribe(({ service }) => {
        if (service !== null) listen(service);
      }),
    startThread: (listener) => readerThreadOf(makeWorker(new URL("./read-worker.ts", import.meta.url)), listener),
    processorTimeOf,
    every(interval, look) {
      const timer = setInterval(look, interval);
      return () => clearInterval(timer);
    },
  });
}
