/* Where output goes that leaves for other programs: the relay Worker, and the pipes to the services that others log to. */
import type { EstatePort } from "./core/estate.ts";
import { makeWorker } from "./daemon-worker.ts";
import type { DataPlane } from "./log/data-plane.ts";
import { FileReaders } from "./log/file-readers.ts";
import { Loggers } from "./log/loggers.ts";
import { RelayHost, relayThreadOf, type RelayThreadListener } from "./log/relay-host.ts";
import type { RelayPipePorts } from "./log/relay-pipes.ts";
import { openWritableWatch } from "./os/epoll.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { openSinkPipe, stopBlocking } from "./os/sink-pipe.ts";

export type ReportRelay = (message: string, recovered: boolean) => void;

export function makeRelayHost(plane: DataPlane, report: ReportRelay): RelayHost {
  return new RelayHost({
    startThread: startRelayWorker,
    renewed: () => plane.renewRelay(),
    report,
  });
}

const startRelayWorker = (listener: RelayThreadListener): ReturnType<typeof relayThreadOf> =>
  relayThreadOf(makeWorker(new URL("./relay-worker.ts", import.meta.url)), listener);

export interface LoggersRequest {
  readonly plane: DataPlane;
  readonly relay: RelayHost;
  readonly estate: EstatePort;
  readonly report: ReportRelay;
}

export function makeLoggers({ plane, relay, estate, report }: LoggersRequest): Loggers {
  return new Loggers({
    ...relayPipePorts(plane),
    estate,
    openPipe() {
      const opened = openSinkPipe();
      return opened.tag === "ok" ? opened.ends : opened.errno;
    },
    relay,
    report: (message) => report(message, false),
  });
}

/** Who reads lines for files that nobody waits for. */
export function makeFileReaders({ plane, relay, report }: Omit<LoggersRequest, "estate">): FileReaders {
  return new FileReaders({
    ...relayPipePorts(plane),
    openPipe(of) {
      const ends = plane.pipes.make(of, 0);
      if (typeof ends !== "string") stopBlocking(ends.write);
      return ends;
    },
    // What is about a file that hangs is not waited for.
    settled: () => plane.reached(true),
    lastRun: Math.max(0, ...plane.pipes.adopted.map(({ run }) => run)),
    plane,
    relay,
    report: (message) => report(message, false),
  });
}

function relayPipePorts(plane: DataPlane): Omit<RelayPipePorts, "relay"> {
  return {
    openWritableWatch(fd) {
      const opened = openWritableWatch(fd);
      return opened.tag === "ok" ? opened.fd : null;
    },
    close: closeDescriptor,
    watch: (fd, ready) => plane.watch(fd, ready),
    unwatch: (fd) => plane.unwatch(fd),
    settled: () => plane.reached(),
  };
}
