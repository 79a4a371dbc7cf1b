/* Where the supervisor's own messages and the output of services go: the two Workers and the logger before them. */
import { faultOf } from "./core/fault.ts";
import { getLogger, setup } from "@std/log";
import type { Settings } from "./core/definition.ts";
import { ownerOf } from "./core/dropped-files.ts";
import type { SyslogSeverity } from "./core/log-policy.ts";
import type { EstatePort } from "./core/estate.ts";
import type { Directories } from "./core/paths.ts";
import { millis } from "./core/units.ts";
import { bootAndNamespace } from "./daemon-memory.ts";
import { planePorts } from "./daemon-plane.ts";
import { compressorThreadOf } from "./log/compressor.ts";
import { Compressors } from "./log/compressors.ts";
import { makeFileReaders, makeLoggers, makeRelayHost, type ReportRelay } from "./daemon-relay.ts";
import { makeWorker } from "./daemon-worker.ts";
import { DataPlane } from "./log/data-plane.ts";
import type { FileReaders } from "./log/file-readers.ts";
import type { Loggers } from "./log/loggers.ts";
import { OwnLogHandler, ownLineOf } from "./log/own-log-handler.ts";
import { SyslogHandler } from "./log/syslog-handler.ts";
import type { SyslogSettings } from "./log/syslog-messages.ts";
import { SyslogQueue } from "./log/syslog-queue.ts";
import { isAtLeast, logWithSeverity } from "./log/syslog-severity.ts";
import { syslogThreadOf } from "./log/syslog-thread.ts";
import { removeLogFile } from "./os/log-file.ts";
import { SYSLOG_SOCKET_PATH } from "./os/syslog.ts";

export interface LogsRequest {
  readonly settings: Settings;
  readonly directories: Directories;
  readonly estate: EstatePort;
  readonly isForeground: boolean;
}

export interface Logs {
  readonly plane: DataPlane;
  /** The services that others log to. */
  readonly loggers: Loggers;
  /** Those who write files that services do not wait for. */
  readonly files: FileReaders;
  /** The supervisor's own log file. */
  readonly file: string;
  report(severity: SyslogSeverity, message: string): void;
  /** Messages that syslog was too slow for, since the beginning. */
  syslogDropped(): number;
  /** Takes over changed settings. */
  configure(settings: Settings): void;
  /** Writes out what can be written out in a moment, then ends the Workers. */
  close(): Promise<void>;
}

/** Among those that log somewhere; no service has this name. */
const OWN_NAME = "daemonsup";

/** How long the end of the supervisor may be held up by a syslog or a disk that does not answer. */
const LAST_WORDS = millis(1_000);

export function startLogs(request: LogsRequest): Logs {
  const file = `${request.directories.log}/daemonsup.log`;
  const queue = new SyslogQueue({
    start: (listener) => syslogThreadOf(makeWorker(new URL("./syslog-worker.ts", import.meta.url)), listener),
    settings: syslogSettingsOf(request.settings, request.isForeground),
    died: (reason) =>
      plane.own([ownLineOf(new Date(), "warning", `the syslog Worker died: ${reason}; a new one goes on`)]),
  });
  const compressors = new Compressors((listener) =>
    compressorThreadOf(makeWorker(new URL("./compress-worker.ts", import.meta.url)), listener),
  );
  const { directories, estate } = request;
  const kept = { directory: `${directories.runtime}/pipes`, boot: bootAndNamespace(), estate };
  const plane = new DataPlane(
    planePorts({ compressors, syslogPath: SYSLOG_SOCKET_PATH, home: directories.log, files: kept }),
    ({ service, message, recovered }) =>
      report(recovered ? "notice" : "warning", service === null ? message : `${ownerOf(service)}: ${message}`),
  );
  const reportRelay: ReportRelay = (message, recovered) => report(recovered ? "notice" : "warning", message);
  const relay = makeRelayHost(plane, reportRelay);
  const { level, ...policy } = request.settings.log;
  plane.configureOwn(file, policy);
  const loggers = makeLoggers({ plane, relay, estate, report: reportRelay });
  loggers.configure(OWN_NAME, policy);
  const files = makeFileReaders({ plane, relay, report: reportRelay });

  const syslog = new SyslogHandler(request.settings.syslog.level, { port: queue });
  const own = new OwnLogHandler(level, (lines) => plane.own(lines));
  setup({ handlers: { syslog, own }, loggers: { default: { level: "DEBUG", handlers: ["syslog", "own"] } } });
  const logger = getLogger();
  function report(severity: SyslogSeverity, message: string): void {
    // Most of what could be said is not wanted: it costs nothing then.
    if (!isAtLeast(severity, syslog.limit) && !isAtLeast(severity, own.limit)) return;
    logWithSeverity(logger, severity, message);
  }

  // What it still has to say goes on to the relay first.
  const closePlane = async (): Promise<void> => {
    await files.settle(LAST_WORDS / 2);
    await plane.close();
    plane.pipes.tidy();
    await relay.close(LAST_WORDS);
  };

  return {
    plane,
    loggers,
    files,
    file,
    report,
    syslogDropped: () => queue.droppedInAll,
    configure(settings) {
      syslog.limit = settings.syslog.level;
      own.limit = settings.log.level;
      queue.configure(syslogSettingsOf(settings, request.isForeground));
      const { level: _, ...changed } = settings.log;
      plane.configureOwn(file, changed);
      loggers.configure(OWN_NAME, changed);
    },
    async close() {
      await Promise.race([Promise.all([closePlane(), queue.close(LAST_WORDS)]), Bun.sleep(2 * LAST_WORDS)]);
      for (const unfinished of compressors.close()) removeLogFile(unfinished);
    },
  };
}

function syslogSettingsOf(settings: Settings, isForeground: boolean): SyslogSettings {
  const { facility, level } = settings.syslog;
  const mayUseConsole = process.getuid?.() === 0 && !isForeground;
  const options = [
    "pid",
    "ndelay",
    ...(isForeground ? ["perror"] : []),
    ...(mayUseConsole ? ["cons"] : []),
  ] as SyslogSettings["options"];
  return { ident: "daemonsup", facility, options, level };
}

/** A bug of ours costs what it was about, never the supervisor. */
export function surviveExceptions(logs: Logs): void {
  const tell = (error: unknown): void => {
    const { severity, report } = faultOf(error);
    logs.report(severity, report);
  };
  process.on("uncaughtException", tell);
  process.on("unhandledRejection", tell);
}
