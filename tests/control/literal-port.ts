import type { AnswerLife, ControlPort, LogLine, Outcome, OutputWish } from "../../src/control/control-port.ts";
import type { DetailsView } from "../../src/core/details-view.ts";
import type { GraphNode } from "../../src/core/graph-view.ts";
import type { SupervisorMetrics } from "../../src/core/metrics-view.ts";
import type { EventView, ServiceView } from "../../src/core/service-view.ts";
import type { UsageView } from "../../src/core/usage-view.ts";

/** A service as the supervisor would show it: up, and nothing to say about it but what `changes` says. */
export function viewOf(name: string, changes: Partial<ServiceView> = {}): ServiceView {
  return {
    name,
    description: `the ${name}`,
    type: "simple",
    state: "up",
    want: "up",
    ready: true,
    pid: 1234,
    since: "2026-01-02T03:04:05.000Z",
    uptime_ms: 60_000,
    restarts: 0,
    last_exit: null,
    next_start: null,
    status: null,
    health: null,
    health_detail: null,
    health_output: null,
    stale: false,
    stale_detail: null,
    well: ["up", "done"].includes(changes.state ?? "up"),
    message: null,
    ...changes,
  };
}

/** A service in the order of all: without links but what `changes` says. */
export function nodeOf(name: string, changes: Partial<GraphNode> = {}): GraphNode {
  const links = { requires: [], wants: [], after: [], before: [], conflicts: [] };
  return { name, type: "simple", state: null, ...links, start: null, ...changes };
}

export function usageOf(name: string, changes: Partial<UsageView> = {}): UsageView {
  return {
    name,
    processes: 1,
    cpu_ms: 1500,
    cpu_percent: 2.5,
    cpu_over_ms: 60_000,
    memory_bytes: 12_582_912,
    ...changes,
  };
}

/** What there is to know of a service without links, processes and sockets but what `changes` says. */
export function detailsOf(name: string, changes: Partial<DetailsView> = {}): DetailsView {
  const by = { user: null, ready_by: null, health_by: null, schedule: null };
  const lists = { needs: [], needed_by: [], sockets: [], stored_descriptors: [], log_losses: [], processes: [] };
  return { name, source: `/etc/services.d/${name}.toml`, ...by, ...lists, log_file: null, usage: null, ...changes };
}

export const LITERAL_FIGURES: SupervisorMetrics = {
  version: "9.9.9",
  startTime: 1_767_323_045.5,
  cpuSeconds: 1.25,
  residentBytes: 30_000_000,
  descriptors: 20,
  descriptorLimit: 1024,
  loopLagSeconds: 0.001,
  events: 0,
  syslogDropped: 0,
};

export function lineOf(service: string, text: string, at = "2026-01-02T03:04:05.000Z"): LogLine {
  return { at, service, stream: "stdout", pid: 7, text };
}

export function eventOf(number: number, message: string | null = null): EventView {
  const at = "2026-01-02T03:04:05.000Z";
  return { number, at, service: "web", event: "state", state: "up", previous: "starting", pid: 7, message };
}

/** A supervisor made of a list of services; what it is asked for is done, and noted. */
export interface LiteralPort extends ControlPort {
  /** What was asked: "start web", in order. */
  readonly asked: string[];
  /** The events that are kept, in the order of their numbers. */
  readonly happened: EventView[];
  /** Keeps an event, and tells those who listen. */
  happen(event: EventView): void;
  /** Who listens now. */
  readonly listeners: Set<(event: EventView) => void>;
  readonly followers: Set<(line: LogLine) => void>;
}

export function literalPort(services: readonly ServiceView[], changes: Partial<ControlPort> = {}): LiteralPort {
  const asked: string[] = [];
  const listeners = new Set<(event: EventView) => void>();
  const followers = new Set<(line: LogLine) => void>();
  const happened: EventView[] = [];
  const done: Outcome = { tag: "done", message: null };
  const service = (name: string): ServiceView | null => services.find((each) => each.name === name) ?? null;
  function note(name: string, what: string): Outcome {
    if (service(name) === null) return { tag: "no-such-service", message: "no such service" };
    asked.push(`${what} ${name}`);
    return done;
  }
  const port: LiteralPort = {
    asked,
    happened,
    happen(event) {
      happened.push(event);
      for (const listen of [...listeners]) listen(event);
    },
    listeners,
    followers,
    answering: () => undefined,
    version: () => ({
      version: "9.9.9",
      pid: 42,
      since: "2026-01-02T03:04:05.000Z",
      daemon_since: "2026-01-02T03:04:05.000Z",
      version_since: "2026-01-02T03:04:05.000Z",
      generation: 1,
      replacements: 0,
      config: "/etc/services.d",
      directories: { runtime: "/run/daemonsup", state: "/var/lib/daemonsup", log: "/var/log/daemonsup" },
      services: services.length,
      binary: "/usr/bin/daemonsup",
      guardian: null,
      upgrade: null,
    }),
    upgrade: (binary) => Promise.resolve({ tag: "refused", message: `cannot upgrade to "${binary}": it is gone` }),
    names: () => services.map(({ name }) => name),
    has: (wanted) => services.some(({ name }) => name === wanted),
    templates: () => [],
    look: () => Promise.resolve(),
    services: (isWanted = () => true) => services.filter(({ name }) => isWanted(name)),
    service,
    usages: (isWanted, most) => {
      const running = services.filter(({ name, pid }) => pid !== null && isWanted(name));
      return running.length > most ? [] : running.map(({ name }) => usageOf(name));
    },
    details: (name) => (service(name) === null ? null : detailsOf(name)),
    metrics: () => Promise.resolve({ supervisor: LITERAL_FIGURES, services: [] }),
    unwell: () => [],
    graph: () => ({ services: services.map(({ name, state }) => nodeOf(name, { state })), critical_path: [] }),
    ask: (name, verb) => Promise.resolve(note(name, verb)),
    askAll: (names, verb, options) => Promise.resolve(names.map((name) => port.ask(name, verb, options))),
    signal: (name, signal) => note(name, signal),
    reload: (dryRun) => {
      asked.push(dryRun ? "dry reload" : "reload");
      const difference = { added: ["new"], removed: [], changed: ["web"], adjusted: [], unchanged: ["db"] };
      return Promise.resolve({ tag: "applied", difference, relayed: ["db"], notes: [], plan: [] });
    },
    scale: (name, count) => {
      asked.push(`scale ${name} ${count}`);
      const instances = Array.from({ length: count ?? 1 }, (_, index) => `${name}@${index + 1}`);
      return Promise.resolve({ tag: "scaled", result: "done", added: instances, removed: [], instances, notes: [] });
    },
    shutdown: () => {
      asked.push("shutdown");
      return done;
    },
    logs: (name, count) =>
      service(name) === null
        ? null
        : Promise.resolve([lineOf(name, "first"), lineOf(name, "second")].slice(-count || 2)),
    history: ({ tag }) => {
      if (tag === "list") return Promise.resolve({ tag, lines: [], unknown: [], services: [] });
      if (tag === "runs") return Promise.resolve({ tag, runs: [] });
      return Promise.resolve({ tag, report: null, newest: null });
    },
    follow: (name, count, follower) => {
      let hasBegun = false;
      const listen = (line: LogLine): void => {
        if (hasBegun) follower.line(line);
      };
      followers.add(listen);
      void Promise.resolve(port.logs(name, count)).then((lines) => {
        hasBegun = true;
        follower.past(lines ?? []);
      });
      return () => followers.delete(listen);
    },
    events: () => ({ instance: "abc", oldest: happened[0]?.number ?? 1, newest: happened.at(-1)?.number ?? 0 }),
    eventsAfter: (number, most) => happened.filter((event) => event.number > number).slice(0, most),
    readOutput: (wish, life) => literalOutput(wish, life, port),
    subscribe: (listen) => {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    ...changes,
  };
  return port;
}

/** What `logs` says and `follow` hears, one after the other. */
function literalOutput(wish: OutputWish, life: AnswerLife, port: LiteralPort): ReadableStream<Uint8Array> {
  const { names, count, notes, isFollowed } = wish;
  const stops: (() => void)[] = [];
  let isCancelled = false;
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      const say = (item: object): void => controller.enqueue(new TextEncoder().encode(`${JSON.stringify(item)}\n`));
      for (const item of [{ services: names }, ...notes]) say(item);
      const past = await Promise.all(names.map(async (name) => await port.logs(name, count ?? 0)));
      const lines = past.flatMap((each) => [...(each ?? [])]);
      lines.toSorted((left, right) => (left.at < right.at ? -1 : Number(left.at > right.at))).forEach(say);
      const end = (): void => {
        if (isCancelled) return;
        life.over();
        controller.close();
      };
      if (!isFollowed) return end();
      stops.push(...names.map((name) => port.follow(name, 0, { past() {}, line: say })));
      life.end.addEventListener("abort", end);
    },
    cancel() {
      isCancelled = true;
      for (const stop of stops) stop();
      life.over();
    },
  });
}
