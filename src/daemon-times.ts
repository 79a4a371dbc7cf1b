/* Fits the kernel to what schedules and watched files need. Part of the composition root: nothing here decides anything. */
import { join } from "node:path";
import { flushFile } from "./os/draft-file.ts";
import { PathWatch } from "./os/path-watch.ts";
import { readScheduleFile, writeScheduleFile } from "./os/schedule-file.ts";
import { openWallClockWatch } from "./os/wall-clock-watch.ts";
import type { OutputPort, Report } from "./supervisor/ports.ts";
import type { ScheduleMemoryPort } from "./supervisor/schedule-memory.ts";
import type { SchedulesPorts } from "./supervisor/schedules.ts";
import type { WatchesPorts } from "./supervisor/watches.ts";

/** What schedules need of the machine. */
export function makeScheduleWorld(
  stateDirectory: string,
  output: Pick<OutputPort, "watch" | "unwatch">,
  report: Report,
): Pick<SchedulesPorts, "memory" | "chance" | "zone" | "onClockSet"> {
  return {
    memory: makeScheduleMemory(join(stateDirectory, "schedules.json"), report),
    chance: () => Math.random(),
    zone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    onClockSet: (changed) => watchWallClock(output, report, changed),
  };
}

export const openFiles: WatchesPorts["openFiles"] = () => PathWatch.open();

function makeScheduleMemory(path: string, report: Report): ScheduleMemoryPort {
  return {
    load() {
      const found = readScheduleFile(path);
      if (found.tag === "read") return found.runs;
      report("warning", `${found.message}, so what was missed is not known`);
      return new Map();
    },
    save(runs) {
      const problem = writeScheduleFile(path, runs);
      if (problem === null) void flushFile(path);
      return problem;
    },
  };
}

function watchWallClock(
  output: Pick<OutputPort, "watch" | "unwatch">,
  report: Report,
  changed: () => void,
): () => void {
  const opened = openWallClockWatch();
  if (opened.tag === "failed") {
    report("warning", `cannot watch the wall clock: ${opened.errno}; schedules follow a change of it late`);
    return () => {};
  }
  const { watch } = opened;
  function listen(): void {
    output.watch(watch.fd, () => {
      if (watch.take()) changed();
      listen();
    });
  }
  listen();
  return () => {
    output.unwatch(watch.fd);
    watch.close();
  };
}
