import { expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { TestSupervisor, signalProcess } from "./test-supervisor.ts";

async function valueOf(supervisor: TestSupervisor, sample: string): Promise<number | null> {
  const text = await (await supervisor.request("GET", "/metrics")).text();
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? null : Number(line.slice(sample.length + 1));
}

test("metrics tell of each service what its processes use and what became of its runs", async () => {
  await using supervisor = await TestSupervisor.start({
    "web.toml": program(["sleep", "1000"], '[restart]\ndelay = "0ms"'),
    "busy.toml": shell("sleep 1000 & i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo worked; wait"),
  });
  await supervisor.line("busy", (text) => text === "worked");
  const { pid } = await supervisor.service("web");
  signalProcess(pid, "SIGKILL");
  await supervisor.until("web", (view) => view.state === "up" && view.restarts === 1);
  expect(await valueOf(supervisor, 'daemonsup_service_state{service="web",state="up"}')).toBe(1);
  expect(await valueOf(supervisor, 'daemonsup_service_restarts_total{service="web"}')).toBe(1);
  expect(await valueOf(supervisor, 'daemonsup_service_starts_total{service="web"}')).toBe(2);
  expect(
    await valueOf(supervisor, 'daemonsup_service_exits_total{service="web",reason="signal",status="SIGKILL"}'),
  ).toBe(1);
  expect(await valueOf(supervisor, 'daemonsup_service_processes{service="busy"}')).toBe(2);
  expect(await valueOf(supervisor, 'daemonsup_service_cpu_seconds_total{service="busy"}')).toBeGreaterThan(0);
  expect(await valueOf(supervisor, 'daemonsup_service_resident_memory_bytes{service="busy"}')).toBeGreaterThan(100_000);
  expect(await valueOf(supervisor, 'daemonsup_service_open_descriptors{service="web"}')).toBeGreaterThanOrEqual(3);
  expect(await valueOf(supervisor, "daemonsup_services")).toBe(2);
  const began = (await valueOf(supervisor, 'daemonsup_service_start_time_seconds{service="web"}')) ?? 0;
  const { since } = await supervisor.service("web");
  expect(Math.abs(began - Date.parse(since) / 1000)).toBeLessThan(1);
});

test("it is ready once all that is wanted is up, and says of the others why not", async () => {
  await using supervisor = await TestSupervisor.start({
    "broken.toml": shell("exit 3", '[restart]\nlimit = { count = 1, within = "60s" }\ndelay = "0ms"'),
    "idle.toml": program(["sleep", "1000"], 'start = "manual"'),
    "web.toml": program(["sleep", "1000"]),
  });
  await supervisor.until("broken", (view) => view.state === "failed");
  const refused = await supervisor.request("GET", "/readyz");
  expect(refused.status).toBe(503);
  expect(((await refused.json()) as { problems: string[] }).problems).toEqual([
    expect.stringContaining("broken: failed"),
  ]);
  await supervisor.request("POST", "/v1/services/broken/stop", {});
  expect((await supervisor.request("GET", "/readyz")).status).toBe(200);
  expect((await supervisor.request("GET", "/healthz")).status).toBe(200);
});
