/* Fits the supervisor to the port of the control interface. Part of the composition root. */
import type { ControlPort, LogLine, Outcome, VersionView } from "./control/control-port.ts";
import type { DataPlane } from "./log/data-plane.ts";
import type { FileReaders } from "./log/file-readers.ts";
import type { PlaneLine } from "./log/plane-messages.ts";
import { isoTimeOf } from "./log/stamp.ts";
import type { GuardianLink } from "./daemon-guardian.ts";
import { logFileOf } from "./daemon-ports.ts";
import { makeLogReader } from "./daemon-reading.ts";
import type { Upgrades } from "./daemon-upgrade.ts";
import { readDescriptorLimit } from "./os/descriptor-limit.ts";
import { countDescriptors } from "./os/open-descriptors.ts";
import { readUsages } from "./os/process-usage.ts";
import { Details } from "./supervisor/details.ts";
import type { HistoryWriter } from "./supervisor/history-writer.ts";
import { Metrics } from "./supervisor/metrics.ts";
import { Operator } from "./supervisor/operator.ts";
import type { FileChanges } from "./supervisor/file-changes.ts";
import type { Reloader } from "./supervisor/reloader.ts";
import type { Scaling } from "./supervisor/scaling.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";

export interface ControlParts {
  readonly supervisor: Supervisor;
  readonly reloader: Reloader;
  readonly scaling: Scaling;
  readonly files: FileChanges;
  readonly plane: DataPlane;
  /** Those who write log files that services do not wait for. */
  readonly fileReaders: FileReaders;
  readonly history: HistoryWriter;
  readonly upgrades: Upgrades;
  /** null: there is none. */
  readonly guardian: GuardianLink | null;
  readonly version: Pick<
    VersionView,
    | "version"
    | "pid"
    | "since"
    | "daemon_since"
    | "version_since"
    | "generation"
    | "replacements"
    | "config"
    | "directories"
    | "binary"
  >;
  readonly logDirectory: string;
  /** Messages of the supervisor that syslog was too slow for, since it began. */
  syslogDropped(): number;
}

const NO_SUCH_SERVICE: Outcome = { tag: "no-such-service", message: "there is no such service" };

export function makeControlPort(parts: ControlParts): ControlPort {
  const { supervisor, reloader, scaling, files, plane, history } = parts;
  const operator = new Operator(supervisor, files);
  const details = new Details(supervisor, {
    readUsages,
    logFileOf: (definition) => logFileOf(definition, parts.logDirectory),
  });
  const reader = makeLogReader(supervisor, parts, parts.logDirectory);
  const begunAt = Date.parse(parts.version.daemon_since) * 1000;
  const metrics = makeMetrics(parts);
  const instance = Date.parse(parts.version.since).toString(36);
  const askAll: ControlPort["askAll"] = async (names, verb, options) => {
    const refused = new Map<string, Outcome>();
    for (const name of verb === "start" ? names : []) {
      const refusal = await scaling.makeMissing(name, options.type ?? null);
      if (refusal !== null) refused.set(name, refusal);
    }
    const able = names.filter((name) => !refused.has(name));
    const outcomes = new Map(operator.askAll(able, verb, options).map((outcome, index) => [able[index], outcome]));
    return names.map(async (name) => (await outcomes.get(name)) ?? refused.get(name) ?? NO_SUCH_SERVICE);
  };
  return {
    answering: () => supervisor.ports.active(),
    version: () => ({
      ...parts.version,
      services: supervisor.fleet.size,
      guardian: guardianViewOf(parts.guardian),
      upgrade: parts.upgrades.view,
    }),
    names: () => operator.names(),
    has: (name) => supervisor.fleet.get(name) !== null,
    templates: () => scaling.templates(),
    look: (name) => operator.look(name),
    services: (isWanted) => operator.services(isWanted),
    service: (name) => operator.service(name),
    usages: (isWanted, most) => details.usages(isWanted, most),
    details: (name) => details.of(name),
    graph: () => operator.graph(),
    metrics: () => metrics.view(),
    unwell: () => operator.unwell(),
    ask: async (name, verb, options) => (await (await askAll([name], verb, options))[0]) ?? NO_SUCH_SERVICE,
    askAll,
    signal: (name, signal, request) => operator.signal(name, signal, request),
    reload: (dryRun, request) => reloader.reload(dryRun, request),
    scale: (name, count, options) => scaling.scale(name, count, options),
    upgrade: (binary) => parts.upgrades.ask(binary),
    shutdown() {
      supervisor.end(0, "asked over the control socket");
      return { tag: "done", message: null };
    },
    logs(name, count) {
      if (supervisor.fleet.get(name) === null) return null;
      return plane.tail(name, count).then((lines) => lines.map((line) => logLineOf(name, line)));
    },
    follow(name, count, follower) {
      let hasBegun = false;
      const deliver = (line: PlaneLine): void => {
        if (hasBegun) follower.line(logLineOf(name, line));
      };
      plane.follow(name, deliver);
      plane.tailBefore(name, count, (lines) => {
        hasBegun = true;
        follower.past(lines.map((line) => logLineOf(name, line)));
      });
      return () => plane.unfollow(name, deliver);
    },
    async history(question) {
      // Whoever has seen a crash finds it.
      await supervisor.companions.history.settled();
      return await history.ask(question);
    },
    events: () => ({ instance, oldest: supervisor.events.oldest, newest: supervisor.events.newest }),
    eventsAfter: (number, most) => supervisor.events.after(number, most),
    readOutput({ isThisBoot, ...wish }, life) {
      const since = isThisBoot ? Math.max(begunAt, wish.window.since ?? begunAt) : wish.window.since;
      return reader.read({ ...wish, window: { ...wish.window, since } }, life);
    },
    subscribe: (listen) => supervisor.events.subscribe(listen),
  };
}

function guardianViewOf(guardian: GuardianLink | null): VersionView["guardian"] {
  if (guardian === null || guardian.isGone) return null;
  const { version, pid, since } = guardian;
  return { version, pid, since: new Date(since).toISOString() };
}

function makeMetrics({ supervisor, version, syslogDropped }: ControlParts): Metrics {
  const { belongings, companions, events, fleet, ports } = supervisor;
  return new Metrics({
    clock: ports.clock,
    counts: companions.counts,
    records: () => fleet.records(),
    record: (service) => fleet.get(service),
    lossesOf: (service) => ports.output.lossesOf(service),
    rootsOf: (service) => belongings.rootPidsOf(service),
    childrenOf: (pid) => ports.processes.childrenOf(pid),
    invocationOf: (service) => belongings.invocationOf(service),
    usages: readUsages,
    descriptorsOf: countDescriptors,
    own() {
      const { user, system } = process.cpuUsage();
      return {
        version: version.version,
        startTime: Date.parse(version.since) / 1000,
        cpuSeconds: (user + system) / 1e6,
        residentBytes: process.memoryUsage.rss(),
        descriptors: countDescriptors(process.pid) ?? 0,
        descriptorLimit: readDescriptorLimit(),
        events: events.count,
        syslogDropped: syslogDropped(),
      };
    },
    soon: (run) => ports.timers.soon(run),
  });
}

function logLineOf(service: string, line: PlaneLine): LogLine {
  const pid = line.pid === 0 ? null : line.pid;
  return { at: isoTimeOf(line.at), service, stream: line.stream, pid, text: line.text };
}
