/* Fits the kernel to the ports of the data plane, on either side: the main thread's and the Worker's. */
import { CARRY_TABLE_SIZE, CarryStore, MOST_SLOTS } from "./log/carry-store.ts";
import { mapped, PlaneFiles, type PlaneFilesRequest } from "./daemon-plane-files.ts";
import { makeWorker } from "./daemon-worker.ts";
import type { Compressors } from "./log/compressors.ts";
import { JOURNAL_SIZE, PipeJournal } from "./log/pipe-journal.ts";
import type { StretchParts } from "./log/pipe-stretches.ts";
import type { DataPlanePorts } from "./log/plane-link.ts";
import type { PlaneEstate } from "./log/plane-messages.ts";
import { planeThreadOf, type StartPlaneThread } from "./log/plane-thread.ts";
import { monotonicNow } from "./os/clock.ts";
import { openEpoll, removeFromEpoll } from "./os/epoll.ts";
import { addToEventfd, openEventfd } from "./os/eventfd.ts";
import { readMemoryFile, writeMemoryFile } from "./os/memory-file.ts";
import { monotonicMicros } from "./os/micro-clock.ts";
import { isLocal, type MountedAt, type MountTable, mountOf, readMountTable } from "./os/mount-table.ts";
import { closeDescriptor, waitingInPipe } from "./os/pipe-io.ts";
import { openLargePipe, PipePeeker } from "./os/pipe-peek.ts";
import { stampCopierAddress } from "./os/stamp-copier.ts";

export interface PlaneRequest {
  readonly compressors: Compressors;
  /** The socket that the syslog daemon listens on. */
  readonly syslogPath: string;
  /** Where the logs usually are: what lies on the same file system is written by the Worker that there is always. */
  readonly home: string;
  /** Where pipes and what is known of them outlive this process; null: nowhere. */
  readonly files: PlaneFilesRequest | null;
}

/** How long the table of mounts is believed, in milliseconds: many services are configured at once. */
const TABLE_LIFE_MS = 1_000;

/** What the main thread's side of the data plane needs. */
export function planePorts({ compressors, syslogPath, home, files }: PlaneRequest): DataPlanePorts {
  const kept = new PlaneFiles(files);
  let table = readMountTable();
  let usual = mountOf(home, table);
  let readAt = monotonicNow();
  return {
    startThread: startPlaneWorker,
    openEpoll,
    removeFromEpoll: (epoll, fd) => void removeFromEpoll(epoll, fd),
    openEventfd,
    addToEventfd,
    openEstate: (lane) => ({ journal: kept.openJournal(lane), carries: kept.slots }),
    unsettledLanes: () => kept.unsettledLanes(),
    unsettledPipeOf({ journal }, fdOfSlot) {
      const unsettled = kept.journalAt(journal).unsettled;
      return unsettled === null ? null : fdOfSlot(unsettled.slot);
    },
    pipes: kept.pipes,
    close: closeDescriptor,
    compress: (job, lane) => compressors.of(lane).compress(job),
    now: monotonicNow,
    micros: monotonicMicros,
    laneOf(files) {
      if (monotonicNow() - readAt > TABLE_LIFE_MS) {
        table = readMountTable();
        usual = mountOf(home, table);
        readAt = monotonicNow();
      }
      return laneNameOf(files, usual, table);
    },
    stamping: stampCopierAddress(),
    syslogPath,
  };
}

export const startPlaneWorker: StartPlaneThread = (listener) =>
  planeThreadOf(makeWorker(new URL("./io-worker.ts", import.meta.url)), listener);

/** The file systems of these files, but for the usual one if it is a local one. */
function laneNameOf(files: readonly string[], usual: MountedAt | null, table: MountTable): string {
  const devices = files.flatMap((file): string[] => {
    const mount = mountOf(file, table);
    if (mount === null || (mount.device === usual?.device && isLocal(mount.type))) return [];
    return [mount.device];
  });
  return [...new Set(devices)].toSorted().join(" ");
}

/** What a Worker needs to read pipes safely. Throws without descriptors or memory; `note` is told of what it opens. */
export function stretchPartsOf(estate: PlaneEstate, note: (fd: number) => void): StretchParts {
  const scratch = openLargePipe();
  note(scratch.read);
  note(scratch.write);
  const peeker = new PipePeeker(scratch);
  const { buffer, byteOffset } = mapped(estate.carries, CARRY_TABLE_SIZE);
  return {
    journal: new PipeJournal(mapped(estate.journal, JOURNAL_SIZE)),
    carries: new CarryStore(new Uint32Array(buffer, byteOffset, MOST_SLOTS), {
      write: (bytes, offset) => writeMemoryFile(estate.carries, bytes, offset),
      read: (length, offset) => readMemoryFile(estate.carries, length, offset),
    }),
    pipes: {
      peek: (fd, bytes, room) => peeker.peek(fd, bytes, room),
      take: (fd, room) => peeker.take(fd, room),
      waiting: waitingInPipe,
    },
  };
}
