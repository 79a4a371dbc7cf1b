import { expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { program, shell } from "./definitions.ts";
import { TestPlace, TestSupervisor, hasEnded, run, signalProcess, untilTrue } from "./test-supervisor.ts";

const EAGER = '[restart]\ndelay = "10ms"\nmax_delay = "100ms"';

test("without enough descriptors some services wait with the reason, the others run, and take the places that become free", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
  using place = new TestPlace(
    Object.fromEntries(names.map((name) => [`${name}.toml`, program(["sleep", "1000"], EAGER)])),
  );
  await using supervisor = await place.start({ wrapper: ["bash", "-c", 'ulimit -n 64; exec "$@"', "bash"] });
  const views = await supervisor.services();
  const running = views.filter((view) => view.state === "up");
  const held = views.filter((view) => view.state !== "up");
  expect(running.length).toBeGreaterThan(5);
  expect(held.length).toBeGreaterThan(5);
  expect(held.map((view) => view.message).join()).toContain("EMFILE");

  // Those that run make room, a few at a time, and are not disturbed themselves.
  const pids = new Map(running.map((view) => [view.name, view.pid]));
  const leaving = running.slice(0, 6).map((view) => view.name);
  for (const name of leaving) await supervisor.request("POST", `/v1/services/${name}/stop`, { wait: false });
  for (const name of leaving) await supervisor.until(name, (view) => view.state === "down");
  const heldNames = new Set(held.map((view) => view.name));
  await supervisor.event((event) => event.state === "up" && heldNames.has(event.service ?? ""));
  for (const view of await supervisor.services()) {
    if (pids.has(view.name) && !leaving.includes(view.name))
      expect(view).toMatchObject({ state: "up", pid: pids.get(view.name) });
  }
});

test("a supervisor without descriptors still shuts down in order", async () => {
  const files = Array.from(
    { length: 40 },
    (_, index) => [`s${index}.toml`, program(["sleep", "1000"], EAGER)] as const,
  );
  await using supervisor = await TestSupervisor.start(Object.fromEntries(files), {
    wrapper: ["bash", "-c", 'ulimit -n 64; exec "$@"', "bash"],
  });
  supervisor.kill("SIGTERM");
  await supervisor.gone();
  expect(supervisor.place.marked()).toEqual([]);
  expect(supervisor.place.ownLog()).toContain("ends with status 0");
});

test("clients that take every descriptor do not hide the end of a service, whose rest is ended and which runs again after", async () => {
  using place = new TestPlace({
    "alone.toml": program(["sleep", "1000"], EAGER),
    "family.toml": shell("sleep 2000 & echo ready; exec sleep 1000", EAGER),
    "healthy.toml": program(["sleep", "1000"]),
  });
  await using supervisor = await place.start({ wrapper: ["bash", "-c", 'ulimit -n 64; exec "$@"', "bash"] });
  await supervisor.line("family", (text) => text === "ready");
  const before = await supervisor.services();
  expect(before.map((view) => view.state)).toEqual(["up", "up", "up"]);
  const [alone, family, healthy] = before.map((view) => view.pid ?? 0);
  const started = place.marked();

  let turnedAway = 0;
  const clients = Array.from({ length: 100 }, () => createConnection(`${place.runtime}/control.sock`));
  for (const client of clients)
    client
      .on("error", () => {})
      .on("close", () => turnedAway++)
      .write("GET /v1/");
  // They are not given all that there are; so there are to be no more than those that they have.
  await untilTrue(() => turnedAway >= 84);
  const open = readdirSync(`/proc/${supervisor.supervisorPid}/fd`).length;
  expect(open).toBeLessThan(64);
  await limitDescriptors(supervisor.supervisorPid, open);
  for (const pid of [alone, family]) signalProcess(pid, "SIGKILL");
  // Nothing of either is left, its other process and what is to be reaped included.
  await untilTrue(() => place.marked().filter((pid) => started.includes(pid)).length === 1);
  for (const pid of started) if (pid !== healthy) await untilTrue(() => hasEnded(pid));

  for (const client of clients satisfies Socket[]) client.destroy();
  await limitDescriptors(supervisor.supervisorPid, 64);
  await using again = await TestSupervisor.connect(place);
  for (const name of ["alone", "family"]) {
    const view = await again.until(name, (now) => now.state === "up");
    expect(started).not.toContain(view.pid ?? 0);
  }
  expect(await again.service("healthy")).toMatchObject({ state: "up", pid: healthy, restarts: 0 });
});

test("clients for whom there is no descriptor wait until there is one, and cost nothing meanwhile", async () => {
  using place = new TestPlace({ "idle.toml": program(["sleep", "1000"]) });
  await using supervisor = await place.start();
  await supervisor.until("idle", ({ state }) => state === "up");
  const pid = supervisor.supervisorPid;
  const highest = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number));
  await limitDescriptors(pid, highest + 1);
  const clients = Array.from({ length: highest }, () => createConnection(`${place.runtime}/control.sock`));
  for (const client of clients) client.on("error", () => {}).write("GET /v1/");
  await place.logged("cannot take in clients");
  const asking = supervisor.request("GET", "/v1/version");
  const before = cpuTicksOf(pid);
  await Bun.sleep(500);
  // 50 ticks are what one that tries again without end takes.
  expect(cpuTicksOf(pid) - before).toBeLessThan(10);
  await limitDescriptors(pid, 1024);
  expect((await asking).status).toBe(200);
  await place.logged("clients are taken in again");
  for (const client of clients satisfies Socket[]) client.destroy();
});

test("a thread for which there are no descriptors is done without", async () => {
  using place = new TestPlace({ "idle.toml": shell("echo said; exec sleep 1000") });
  await using supervisor = await place.start();
  await supervisor.line("idle", (text) => text === "said");
  const pid = supervisor.supervisorPid;
  const { socket: asking, answered } = connect(place);
  await answered("200 OK");
  const highest = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number));
  await limitDescriptors(pid, highest + 1);
  const clients = Array.from({ length: highest }, () => createConnection(`${place.runtime}/control.sock`));
  for (const client of clients) client.on("error", () => {}).write("GET /v1/");
  await place.logged("cannot take in clients");
  asking.write("GET /v1/logs?names=idle HTTP/1.1\r\nhost: daemonsup\r\n\r\n");
  await answered("cannot begin to read");
  await limitDescriptors(pid, 1024);
  for (const client of [asking, ...clients]) client.destroy();
  await using again = await TestSupervisor.connect(place);
  expect(again.supervisorPid).toBe(pid);
});

test("an operator gets in where no descriptor is left, as some are kept", async () => {
  using place = new TestPlace({ "idle.toml": program(["sleep", "1000"]) });
  await using supervisor = await place.start();
  await supervisor.until("idle", ({ state }) => state === "up");
  const pid = supervisor.supervisorPid;
  const numbers = readdirSync(`/proc/${pid}/fd`).map(Number);
  // None is free below this one.
  const full = Array.from({ length: 1024 }, (_, number) => number).find((number) => !numbers.includes(number)) ?? 0;
  await limitDescriptors(pid, full);
  const { socket: operator, answered } = connect(place);
  await answered("200 OK");
  operator.destroy();
});

/** A connection of its own, on which something was asked; `answered` waits until the answers have this. */
function connect(place: TestPlace): {
  readonly socket: Socket;
  readonly answered: (words: string) => Promise<void>;
} {
  const socket = createConnection(`${place.runtime}/control.sock`);
  let answers = "";
  socket.on("data", (bytes) => (answers += bytes.toString()));
  socket.write("GET /v1/version HTTP/1.1\r\nhost: daemonsup\r\n\r\n");
  return { socket, answered: (words) => untilTrue(() => answers.includes(words)) };
}

/** What the process has used of the processors, in hundredths of a second. */
function cpuTicksOf(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13) ?? [];
  return Number(user) + Number(system);
}

/** From now on the process may have descriptors below this number only. */
async function limitDescriptors(pid: number, number: number): Promise<void> {
  expect(await run(["prlimit", "--pid", String(pid), `--nofile=${number}:`])).toMatchObject({ code: 0 });
}
