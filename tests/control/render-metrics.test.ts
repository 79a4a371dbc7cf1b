import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import * as fc from "fast-check";
import { renderMetrics } from "../../src/control/render-metrics.ts";
import type { MetricsView, ServiceMetrics } from "../../src/core/metrics-view.ts";
import { findPromtool } from "../../tools/debian-programs.ts";
import { skipReason } from "../scenarios/loud-skip.ts";
import { LITERAL_FIGURES } from "./literal-port.ts";

const PYTHON = "/usr/bin/python3";
const PARSER = "/usr/lib/python3/dist-packages/prometheus_client";
const promtool = findPromtool();
const noPromtool = skipReason("promtool's judgement", [[promtool !== null, "promtool is not installed"]]) !== null;
const noParser =
  skipReason("the first parser of OpenMetrics", [
    [existsSync(PARSER), "python3-prometheus-client is not installed"],
  ]) !== null;

function service(name: string, changes: Partial<ServiceMetrics> = {}): ServiceMetrics {
  return {
    name,
    state: "up",
    isWanted: true,
    isWell: true,
    isReady: true,
    isHealthy: null,
    starts: 1,
    restarts: 0,
    exits: [],
    logLosses: [],
    run: { startTime: 1_767_323_045.25, cpuSeconds: 0.5, residentBytes: 4096, processes: 2, descriptors: 7 },
    ...changes,
  };
}

const VIEW: MetricsView = {
  supervisor: LITERAL_FIGURES,
  services: [
    service("db", { isHealthy: true, restarts: 3, starts: 4 }),
    service('odd "name"\\\n', {
      state: "backoff",
      isWell: false,
      isReady: false,
      isHealthy: false,
      run: null,
      exits: [
        { reason: "exit", status: "1", count: 2 },
        { reason: "signal", status: "SIGKILL", count: 1 },
        { reason: "unknown", status: "", count: 1 },
      ],
    }),
    service("web", {
      logLosses: [
        { sink: "central", reason: "slow", lines: 12 },
        { sink: "file", reason: "failed", lines: 3 },
      ],
      run: { startTime: 1, cpuSeconds: 0, residentBytes: 0, processes: 1, descriptors: null },
    }),
  ],
};

async function judge(words: readonly string[], text: string): Promise<{ code: number; said: string }> {
  const child = Bun.spawn([...words], { stdin: new Blob([text]), stdout: "pipe", stderr: "pipe" });
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, said: said.join("") };
}

/** Reads OpenMetrics by the rules of its grammar; throws where one is broken. Values by name and labels. */
function parse(text: string): ReadonlyMap<string, number> {
  expect(text).toEndWith("\n# EOF\n");
  const values = new Map<string, number>();
  const families = new Set<string>();
  let family = { name: "", type: "", metadata: new Set<string>() };
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    const [, kind = "", name = "", rest = ""] = /^# (TYPE|HELP|UNIT) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (kind !== "") {
      if (name !== family.name) {
        expect([families.has(name), kind]).toEqual([false, "TYPE"]);
        families.add(name);
        family = { name, type: rest, metadata: new Set() };
      }
      expect(family.metadata.has(kind)).toBe(false);
      family.metadata.add(kind);
      if (kind === "UNIT") expect(name).toEndWith(`_${rest}`);
      continue;
    }
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? ([0-9.e+-]+)$/.exec(line);
    if (sample === null) throw new Error(`this is no sample: ${line}`);
    const suffix = { counter: "_total", info: "_info", gauge: "" }[family.type];
    expect(sample[1]).toBe(`${family.name}${suffix}`);
    const key = `${sample[1]}${sample[2] ?? ""}`;
    expect([values.has(key), Number.isFinite(Number(sample[3]))]).toEqual([false, true]);
    values.set(key, Number(sample[3]));
  }
  return values;
}

test("metrics are sound OpenMetrics, and say what there is to say of each service", () => {
  const values = parse(renderMetrics(VIEW, "openmetrics"));
  const odd = String.raw`service="odd \"name\"\\\n"`;
  const expected: Record<string, number | undefined> = {
    'daemonsup_build_info{version="9.9.9"}': 1,
    daemonsup_cpu_seconds_total: 1.25,
    'daemonsup_service_state{service="db",state="up"}': 1,
    [`daemonsup_service_state{${odd},state="backoff"}`]: 1,
    'daemonsup_service_restarts_total{service="db"}': 3,
    'daemonsup_service_starts_total{service="db"}': 4,
    [`daemonsup_service_exits_total{${odd},reason="exit",status="1"}`]: 2,
    [`daemonsup_service_exits_total{${odd},reason="signal",status="SIGKILL"}`]: 1,
    [`daemonsup_service_exits_total{${odd},reason="unknown",status=""}`]: 1,
    'daemonsup_service_healthy{service="db"}': 1,
    [`daemonsup_service_healthy{${odd}}`]: 0,
    'daemonsup_service_healthy{service="web"}': undefined,
    'daemonsup_service_start_time_seconds{service="db"}': 1_767_323_045.25,
    'daemonsup_service_cpu_seconds_total{service="db"}': 0.5,
    'daemonsup_service_resident_memory_bytes{service="web"}': 0,
    'daemonsup_service_open_descriptors{service="db"}': 7,
    'daemonsup_service_open_descriptors{service="web"}': undefined,
    [`daemonsup_service_processes{${odd}}`]: undefined,
  };
  for (const [key, value] of Object.entries(expected)) expect([key, values.get(key)]).toEqual([key, value]);
});

test("whatever services are called and whatever they do, the metrics stay sound", () => {
  const state = fc.constantFrom("up", "down", "failed", "backoff" as const);
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: "binary", maxLength: 20 })), state, fc.nat(), (names, now, starts) => {
      const services = names.map((name) => service(name, { state: now, starts, run: null }));
      const values = parse(renderMetrics({ supervisor: LITERAL_FIGURES, services }, "openmetrics"));
      expect([...values.keys()].filter((key) => key.startsWith("daemonsup_service_starts_total"))).toHaveLength(
        names.length,
      );
    }),
  );
});

describe.skipIf(noPromtool)("promtool", () => {
  test("finds nothing wrong with the older format", async () => {
    const text = renderMetrics(VIEW, "prometheus");
    expect(await judge([promtool ?? "", "check", "metrics"], text)).toEqual({ code: 0, said: "" });
  });
});

describe.skipIf(noParser)("the first parser of OpenMetrics", () => {
  test("reads every sample", async () => {
    const program = [
      "import sys",
      "from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse",
      "for family in parse(sys.stdin.read()):",
      "  for sample in family.samples: print(family.type, sample.name)",
    ].join("\n");
    const text = renderMetrics(VIEW, "openmetrics");
    const { code, said } = await judge([PYTHON, "-c", program], text);
    expect(code).toBe(0);
    expect(said.trim().split("\n")).toHaveLength(parse(text).size);
    expect(said).toContain("counter daemonsup_service_exits_total");
  });
});
