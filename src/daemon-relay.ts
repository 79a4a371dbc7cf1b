/* Where output goes that leaves for other programs: the relay Worker, and the pipes to the services that others log to. */
import type { EstatePort } from "./core/estate.ts";
import type { DataPlane } from "./log/data-plane.ts";
import { Loggers } from "./log/loggers.ts";
import { RelayHost, relayThreadOf, type RelayThreadListener } from "./log/relay-host.ts";
import { openWritableWatch } from "./os/epoll.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { openSinkPipe } from "./os/sink-pipe.ts";

export type ReportRelay = (message: string, recovered: boolean) => void;

export function makeRelayHost(plane: DataPlane, report: ReportRelay): RelayHost {
  return new RelayHost({
    startThread: startRelayWorker,
    renewed: () => plane.renewRelay(),
    report,
  });
}

const startRelayWorker = (listener: RelayThreadListener): ReturnType<typeof relayThreadOf> =>
  relayThreadOf(new Worker(new URL("./relay-worker.ts", import.meta.url).href, { smol: true }), listener);

export interface LoggersRequest {
  readonly plane: DataPlane;
  readonly relay: RelayHost;
  readonly estate: EstatePort;
  readonly report: ReportRelay;
}

export function makeLoggers({ plane, relay, estate, report }: LoggersRequest): Loggers {
  return new Loggers({
    estate,
    openPipe() {
      const opened = openSinkPipe();
      return opened.tag === "ok" ? opened.ends : opened.errno;
    },
    openWritableWatch(fd) {
      const opened = openWritableWatch(fd);
      return opened.tag === "ok" ? opened.fd : null;
    },
    close: closeDescriptor,
    watch: (fd, ready) => plane.watch(fd, ready),
    unwatch: (fd) => plane.unwatch(fd),
    relay,
    settled: () => plane.reached(),
    report: (message) => report(message, false),
  });
}
