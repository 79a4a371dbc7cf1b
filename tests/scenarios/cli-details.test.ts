import { expect, test } from "bun:test";
import type { DetailsView } from "../../src/core/details-view.ts";
import type { UsageView } from "../../src/core/usage-view.ts";
import { program, shell } from "./definitions.ts";
import { TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

const FAMILY = "sleep 1000 & echo ready; wait";

async function detailsOf(supervisor: TestSupervisor, name: string): Promise<DetailsView> {
  return (await (await supervisor.request("GET", `/v1/services/${name}/details`)).json()) as DetailsView;
}

test("what there is to know of a service is told: files, links, processes, sockets, and how it is ready", async () => {
  const place = new TestPlace({
    "db.toml": shell(FAMILY, '[ready]\nlog = "ready"'),
    "late.toml": program(["sleep", "1000"], 'before = ["web"]'),
    "nightly.toml": program(["true"], 'type = "oneshot"\n[schedule]\ncron = "0 3 1 1 *"'),
  });
  const socket = `[sockets.main]\nlisten = "${place.path("s")}"\n`;
  place.write("web.toml", program(["sleep", "1000"], `requires = ["db"]\nafter = ["nightly"]\n${socket}`));
  await using supervisor = await place.start();
  await supervisor.until("web", (view) => view.state === "up");
  await supervisor.line("db", (text) => text === "ready");

  const web = await detailsOf(supervisor, "web");
  expect(web).toMatchObject({
    name: "web",
    source: place.path("services.d", "web.toml"),
    ready_by: null,
    log_file: place.path("log", "web.log"),
    sockets: [{ name: "main", address: `unix ${place.path("s")}` }],
    needed_by: [],
    usage: { processes: 1 },
    processes: [{ pid: (await supervisor.service("web")).pid, name: "sleep" }],
  });
  expect(web.needs).toEqual([
    { name: "db", how: "requires", state: "up" },
    { name: "nightly", how: "after", state: "waiting" },
    { name: "late", how: "after", state: "up" },
  ]);

  // What its shell has started shows the shell's name until its exec.
  await untilTrue(async () => (await detailsOf(supervisor, "db")).processes[1]?.name === "sleep");
  const db = await detailsOf(supervisor, "db");
  const { pid } = await supervisor.service("db");
  expect(db.ready_by).toBe('a line of output like "ready"');
  expect(db.needed_by).toEqual([{ name: "web", how: "requires", state: "up" }]);
  expect(db.processes.map(({ name, parent }) => [name, parent])).toEqual([
    ["sh", supervisor.supervisorPid],
    ["sleep", pid ?? 0],
  ]);
  expect((await detailsOf(supervisor, "nightly")).schedule).toBe("cron 0 3 1 1 *");
  expect((await supervisor.request("GET", "/v1/services/nobody/details")).status).toBe(404);
});

test("what services use is told of those of which something runs, by name", async () => {
  await using supervisor = await TestSupervisor.start({
    "a.toml": shell(FAMILY),
    "b.toml": program(["sleep", "1000"], 'start = "manual"'),
  });
  await supervisor.line("a", (text) => text === "ready");
  const views = (await (await supervisor.request("GET", "/v1/usage")).json()) as UsageView[];
  expect(views).toMatchObject([{ name: "a", processes: 2 }]);
  expect(views[0]?.memory_bytes).toBeGreaterThan(100_000);
  expect(await (await supervisor.request("GET", "/v1/usage?name=b*")).json()).toEqual([]);
});
