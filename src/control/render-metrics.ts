/* Metrics as text: OpenMetrics 1.0, and the older text format of Prometheus (0.0.4) that it grew out of. */
import type { MetricsView, RunMetrics, ServiceMetrics } from "../core/metrics-view.ts";

export type MetricsForm = "openmetrics" | "prometheus";

export const METRICS_TYPES: Readonly<Record<MetricsForm, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
};

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Family {
  /** Without `_total` and `_info`. */
  readonly name: string;
  readonly type: "gauge" | "counter" | "info";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The whole text, samples of one metric together, as both forms want it. */
export function renderMetrics(view: MetricsView, form: MetricsForm): string {
  const families = [...familiesOfSupervisor(view), ...familiesOfServices(view.services)];
  const lines = families.filter(({ samples }) => samples.length > 0).flatMap((family) => renderFamily(family, form));
  return `${lines.join("\n")}\n${form === "openmetrics" ? "# EOF\n" : ""}`;
}

function familiesOfSupervisor({ supervisor: own, services }: MetricsView): readonly Family[] {
  return [
    {
      name: "daemonsup_build",
      type: "info",
      help: "The version of the supervisor.",
      samples: [{ labels: { version: own.version }, value: 1 }],
    },
    gauge("daemonsup_start_time_seconds", "When the supervisor began, since 1970.", own.startTime),
    counter("daemonsup_cpu_seconds", "Processor time of the supervisor itself.", own.cpuSeconds),
    gauge("daemonsup_resident_memory_bytes", "Resident memory of the supervisor itself.", own.residentBytes),
    gauge("daemonsup_open_descriptors", "Descriptors that the supervisor has open.", own.descriptors),
    gauge("daemonsup_max_descriptors", "Descriptors that it may have open.", own.descriptorLimit),
    gauge(
      "daemonsup_loop_lag_seconds",
      "How long something waited for its turn while this was measured.",
      own.loopLagSeconds,
    ),
    gauge("daemonsup_services", "Services that there are.", services.length),
    counter("daemonsup_events", "Events since the supervisor began.", own.events),
    counter("daemonsup_syslog_dropped", "Messages of the supervisor that syslog was too slow for.", own.syslogDropped),
  ];
}

function familiesOfServices(services: readonly ServiceMetrics[]): readonly Family[] {
  const each = (
    valueOf: (service: ServiceMetrics) => number | null,
    more?: (service: ServiceMetrics) => Labels,
  ): Sample[] =>
    services.flatMap((service) => {
      const value = valueOf(service);
      return value === null ? [] : [{ labels: { service: service.name, ...more?.(service) }, value }];
    });
  const ofRun = (valueOf: (run: RunMetrics) => number | null): Sample[] =>
    each(({ run }) => (run === null ? null : valueOf(run)));
  const exits = services.flatMap(({ name, exits: counts }) =>
    counts.map(({ reason, status, count }) => ({ labels: { service: name, reason, status }, value: count })),
  );
  const losses = services.flatMap(({ name, logLosses }) =>
    logLosses.map(({ sink, reason, lines }) => ({ labels: { service: name, sink, reason }, value: lines })),
  );
  return [
    gauge(
      "daemonsup_service_state",
      "1 for the state that the service is in.",
      each(
        () => 1,
        ({ state }) => ({ state }),
      ),
    ),
    gauge(
      "daemonsup_service_wanted",
      "1 if the service is to be up.",
      each(({ isWanted }) => Number(isWanted)),
    ),
    gauge(
      "daemonsup_service_well",
      "1 if it is up or done, or not meant to run now.",
      each(({ isWell }) => Number(isWell)),
    ),
    gauge(
      "daemonsup_service_ready",
      "1 if it is ready.",
      each(({ isReady }) => Number(isReady)),
    ),
    gauge(
      "daemonsup_service_healthy",
      "1 if its checks succeed, 0 if they fail.",
      each(({ isHealthy }) => (isHealthy === null ? null : Number(isHealthy))),
    ),
    counter(
      "daemonsup_service_starts",
      "Starts of its main process.",
      each(({ starts }) => starts),
    ),
    counter(
      "daemonsup_service_restarts",
      "Starts that nobody had asked for.",
      each(({ restarts }) => restarts),
    ),
    counter("daemonsup_service_exits", "Ends of its main process, by what ended it.", exits),
    counter("daemonsup_service_log_lost_lines", "Lines that its sinks have not taken, by the reason.", losses),
    gauge(
      "daemonsup_service_start_time_seconds",
      "When its run began, since 1970.",
      ofRun((run) => run.startTime),
    ),
    counter(
      "daemonsup_service_cpu_seconds",
      "Processor time of its run.",
      ofRun((run) => run.cpuSeconds),
    ),
    gauge(
      "daemonsup_service_resident_memory_bytes",
      "Resident memory of its processes.",
      ofRun((run) => run.residentBytes),
    ),
    gauge(
      "daemonsup_service_processes",
      "Its processes.",
      ofRun((run) => run.processes),
    ),
    gauge(
      "daemonsup_service_open_descriptors",
      "Descriptors that its processes have open.",
      ofRun((run) => run.descriptors),
    ),
  ];
}

function gauge(name: string, help: string, samples: number | readonly Sample[]): Family {
  return { name, type: "gauge", help, samples: samplesOf(samples) };
}

function counter(name: string, help: string, samples: number | readonly Sample[]): Family {
  return { name, type: "counter", help, samples: samplesOf(samples) };
}

function samplesOf(samples: number | readonly Sample[]): readonly Sample[] {
  return typeof samples === "number" ? [{ labels: {}, value: samples }] : samples;
}

function renderFamily({ name, type, help, samples }: Family, form: MetricsForm): readonly string[] {
  const full = `${name}${type === "counter" ? "_total" : type === "info" ? "_info" : ""}`;
  const lines = samples.map(({ labels, value }) => `${full}${renderLabels(labels)} ${value}`);
  if (form === "prometheus")
    return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type === "info" ? "gauge" : type}`, ...lines];
  // Only a name that ends with a unit has one.
  const unit = /_(seconds|bytes)$/.exec(name)?.[1];
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${help}`,
    ...lines,
  ];
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escapeCharacter)}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeCharacter(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}
