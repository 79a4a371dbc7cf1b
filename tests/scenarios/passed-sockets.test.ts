/* Sockets that the supervisor opens and passes to its services. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compileProgram } from "../compile-program.ts";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { needsRoot } from "./ordinary-user.ts";
import { statusLineOf } from "./process-facts.ts";
import { RestlessClients, ask, ownAddress, refusalOf, untilListening } from "./socket-clients.ts";
import { makeOpenDirectory, surroundings, surroundingsOf, telling } from "./surroundings.ts";
import { TestPlace, TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const server = compileProgram("passed-socket-server");
const RESTARTS = 100;
const PID = /^\d+\n$/;

const YAMA = "/proc/sys/kernel/yama/ptrace_scope";
const scope = existsSync(YAMA) ? readFileSync(YAMA, "utf8").trim() : "0";
const mayFetch = scope === "0" || (scope !== "3" && process.getuid?.() === 0);
const noFetching =
  skipReason("sockets fetched back", [[mayFetch, `not allowed here (ptrace_scope ${scope})`]]) !== null;

const socket = (name: string, listen: string, more = ""): string =>
  `[sockets.${name}]\nlisten = "${listen}"\n${more}\n`;
const serving = (tables: string): string => program([server ?? ""], tables);
const pidOf = async (supervisor: TestSupervisor, name = "web"): Promise<string> =>
  `${(await supervisor.until(name, ({ state }) => state === "up")).pid}\n`;
const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8);

describe.skipIf(surroundings === null)("a service with sockets", () => {
  test("gets them from descriptor 3 on in the order of their names, and is told that they are for itself", async () => {
    const place = new TestPlace({});
    makeOpenDirectory(place);
    const [first, second] = [ownAddress(), ownAddress()];
    const sockets = [
      socket("z", first.listen),
      socket("b", place.path("b.sock")),
      socket("a", second.listen, 'type = "datagram"'),
    ];
    place.write("web.toml", telling(place, "web", sockets.join("")));
    await using supervisor = await place.start();
    const { descriptors, environment } = await surroundingsOf(place, "web");
    expect(environment).toMatchObject({ LISTEN_FDS: "3", LISTEN_FDNAMES: "a:b:z" });
    expect(`${environment["LISTEN_PID"]}\n`).toBe(await pidOf(supervisor));
    expect(new Set(descriptors.keys())).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    for (const fd of [3, 4, 5]) expect(descriptors.get(fd)).toStartWith("socket:");
  });

  test("gets the same ones from descriptor 3 on of the next supervisor, and is told its own number again", async () => {
    const place = new TestPlace({});
    const open = makeOpenDirectory(place);
    const sockets = socket("z", ownAddress().listen) + socket("a", place.path("a.sock"));
    place.write("web.toml", telling(place, "web", sockets));
    await using first = await place.start();
    const before = await surroundingsOf(place, "web");
    signalProcess(first.supervisorPid, "SIGKILL");
    await using next = await first.successor();
    rmSync(join(open, "web"));
    expect((await next.command("restart", "web")).code).toBe(0);
    const after = await surroundingsOf(place, "web");
    expect(after.environment).toMatchObject({ LISTEN_FDS: "2", LISTEN_FDNAMES: "a:z" });
    expect(after.environment["LISTEN_PID"]).not.toBe(before.environment["LISTEN_PID"]);
    expect(`${after.environment["LISTEN_PID"]}\n`).toBe(await pidOf(next));
    expect(new Set(after.descriptors.keys())).toEqual(new Set([0, 1, 2, 3, 4]));
    for (const fd of [3, 4]) {
      // With the kernel's number of it: nobody has opened another one in its place.
      expect(after.descriptors.get(fd)).toStartWith("socket:[");
      expect(after.descriptors.get(fd)).toBe(before.descriptors.get(fd) ?? "");
    }
  });

  test("is the only one that gets them", async () => {
    const place = new TestPlace({});
    makeOpenDirectory(place);
    place.write("web.toml", telling(place, "web", socket("http", ownAddress().listen)));
    place.write("other.toml", telling(place, "other"));
    await using _supervisor = await place.start();
    const { descriptors, environment } = await surroundingsOf(place, "other");
    expect(new Set(descriptors.keys())).toEqual(new Set([0, 1, 2]));
    expect(Object.keys(environment).filter((name) => name.startsWith("LISTEN_"))).toEqual([]);
  });
});

describe.skipIf(server === null)("a socket", () => {
  test(`loses no connection over ${RESTARTS} restarts`, async () => {
    const address = ownAddress();
    await using supervisor = await TestSupervisor.start({ "web.toml": serving(socket("http", address.listen)) });
    const clients = new RestlessClients(address, { accept: PID });
    for (let restart = 0; restart < RESTARTS; restart++) {
      await clients.more();
      const answer = await supervisor.request("POST", "/v1/services/web/restart", { wait: true });
      expect(answer.status).toBe(200);
    }
    await clients.more();
    await clients.stop();
    expect(clients.losses).toEqual([]);
    expect(clients.answers.size).toBeGreaterThan(RESTARTS / 2);
    expect([...clients.answers.keys()]).toContain(await pidOf(supervisor));
  });

  test("lets clients wait while the service is restarted, also when it was killed", async () => {
    const address = ownAddress();
    const text = serving(`restart.delay = "300ms"\n${socket("http", address.listen)}`);
    await using supervisor = await TestSupervisor.start({ "web.toml": text });
    signalProcess((await supervisor.service("web")).pid, "SIGKILL");
    await supervisor.event(({ state }) => state === "backoff");
    expect(await ask(address)).toBe(await pidOf(supervisor));
  });

  test("stays open over a reload that changes the command", async () => {
    const address = ownAddress();
    await using supervisor = await TestSupervisor.start({ "web.toml": serving(socket("http", address.listen)) });
    const before = await ask(address);
    const clients = new RestlessClients(address, { accept: PID });
    supervisor.place.write("web.toml", serving(`description = "new"\nnice = 1\n${socket("http", address.listen)}`));
    expect((await supervisor.command("reload")).code).toBe(0);
    await supervisor.until("web", ({ state, pid }) => state === "up" && `${pid}\n` !== before);
    await clients.more();
    await clients.stop();
    expect(clients.losses).toEqual([]);
  });

  test("of a changed address is opened and the old one closed", async () => {
    const [old, changed] = [ownAddress(), ownAddress()];
    await using supervisor = await TestSupervisor.start({ "web.toml": serving(socket("http", old.listen)) });
    const before = await ask(old);
    supervisor.place.write("web.toml", serving(socket("http", changed.listen)));
    expect((await supervisor.command("reload")).code).toBe(0);
    expect(await ask(changed)).not.toBe(before);
    expect(await refusalOf(old)).toBe("ECONNREFUSED");
  });

  test("is handed on when a service is given another name", async () => {
    const address = ownAddress();
    await using supervisor = await TestSupervisor.start({ "web.toml": serving(socket("http", address.listen)) });
    const clients = new RestlessClients(address, { accept: PID });
    await clients.more();
    supervisor.place.remove("web.toml");
    supervisor.place.write("www.toml", serving(socket("http", address.listen)));
    expect((await supervisor.command("reload")).code).toBe(0);
    const pid = await pidOf(supervisor, "www");
    while (!clients.answers.has(pid)) await clients.more();
    await clients.stop();
    expect(clients.losses).toEqual([]);
  });

  test("is gone with its service", async () => {
    const address = ownAddress();
    const files = { "web.toml": serving(socket("http", address.listen)), "other.toml": shell("exec sleep 1000") };
    await using supervisor = await TestSupervisor.start(files);
    await ask(address);
    supervisor.place.remove("web.toml");
    expect((await supervisor.command("reload")).code).toBe(0);
    await supervisor.event(({ service, event }) => service === "web" && event === "removed");
    expect(await refusalOf(address)).toBe("ECONNREFUSED");
  });

  test("that somebody else has is what the service fails for, and is tried again", async () => {
    const address = ownAddress();
    const other = Bun.listen({ hostname: address.host, port: address.port, socket: { data: () => {} } });
    const text = serving(`restart.delay = "10ms"\n${socket("http", address.listen)}`);
    await using supervisor = await TestSupervisor.start({ "web.toml": text });
    const { message } = await supervisor.until("web", ({ state }) => state === "backoff");
    expect(message).toContain(`cannot listen on "${address.listen}": somebody else listens there (EADDRINUSE)`);
    other.stop(true);
    const pid = await pidOf(supervisor);
    expect(await ask(address)).toBe(pid);
  });

  test.skipIf(needsRoot)("of a port of root's can belong to a service that is not root's", async () => {
    const address = ownAddress(79);
    const place = new TestPlace({ "web.toml": serving(`user = "nobody"\n${socket("finger", address.listen)}`) });
    await using supervisor = await place.start();
    const pid = await pidOf(supervisor);
    expect(await ask(address)).toBe(pid);
    expect(statusLineOf(Number(pid), "Uid")).toStartWith("65534");
  });
});

describe.skipIf(server === null || needsRoot)("a supervisor that becomes another user", () => {
  test("has opened sockets of root's before, and goes on with them over a reload", async () => {
    const address = ownAddress(79);
    const place = new TestPlace({ "web.toml": serving(socket("finger", address.listen)) });
    place.write("daemonsup.toml", '[daemon]\nuser = "nobody"\n');
    chmodSync(place.directory, 0o755);
    await using supervisor = await place.start();
    expect(statusLineOf(supervisor.supervisorPid, "Uid")).toStartWith("65534");
    const before = await ask(address);
    place.write("web.toml", serving(`nice = 1\n${socket("finger", address.listen)}`));
    expect((await supervisor.command("reload")).code).toBe(0);
    await supervisor.until("web", ({ state, pid }) => state === "up" && `${pid}\n` !== before);
    expect(await ask(address)).toBe(await pidOf(supervisor));
  });
});

describe.skipIf(server === null)("a Unix socket", () => {
  test("has its mode from the beginning to the end, and its file goes with the supervisor", async () => {
    const place = new TestPlace({});
    const path = place.path("web.sock");
    place.write("web.toml", serving(socket("http", path, 'mode = "0620"')));
    await using supervisor = await place.start();
    expect(modeOf(path)).toBe("620");
    expect(await ask({ path })).toBe(await pidOf(supervisor));
    await supervisor.command("restart", "web");
    expect(modeOf(path)).toBe("620");
    await supervisor.command("shutdown");
    await supervisor.gone();
    expect(existsSync(path)).toBe(false);
  });

  test("that a killed supervisor has left is replaced once nobody serves it any more", async () => {
    const place = new TestPlace({});
    const path = place.path("web.sock");
    place.write("web.toml", serving(socket("http", path)));
    const killed = await place.start();
    const before = await ask({ path });
    const { pid: served } = await killed.service("web");
    killed.kill("SIGKILL");
    await killed.gone();
    signalProcess(served, "SIGKILL");
    await untilTrue(() => hasEnded(served ?? 0));
    expect(existsSync(path)).toBe(true);
    expect(await refusalOf({ path })).toBe("ECONNREFUSED");
    await using supervisor = await place.start();
    const pid = await pidOf(supervisor);
    expect(pid).not.toBe(before);
    expect(await ask({ path })).toBe(pid);
  });

  test.skipIf(noFetching).each([
    ["of a port", () => ownAddress()],
    ["with a file", (place: TestPlace) => ({ path: place.path("web.sock"), listen: place.path("web.sock") })],
  ])(
    "%s outlives the supervisor and its guardian in the service, and is fetched back from there",
    async (_what, make) => {
      const place = new TestPlace({});
      const address = make(place);
      place.write("web.toml", serving(`restart.delay = "300ms"\n${socket("http", address.listen)}`));
      const killed = await place.start();
      const before = await pidOf(killed);
      killed.kill("SIGKILL");
      await killed.gone();
      await using supervisor = await place.start();
      expect(await ask(address)).toBe(before);
      const told = `web: goes on with the socket of "${address.listen}", fetched back from pid ${before.trim()}`;
      await untilTrue(() => place.ownLog().includes(told));
      signalProcess(Number(before), "SIGKILL");
      await supervisor.until("web", ({ state }) => state === "backoff");
      // Nobody serves it, and nobody is turned away.
      const after = await ask(address);
      expect(after).toBe(await pidOf(supervisor));
      expect(after).not.toBe(before);
      expect(place.ownLog()).not.toContain("cannot listen");
    },
  );

  test("without a directory is what the service fails for, until there is one", async () => {
    const place = new TestPlace({});
    const directory = place.path("not", "there");
    const path = join(directory, "web.sock");
    place.write("web.toml", serving(`restart.delay = "10ms"\n${socket("http", path)}`));
    await using supervisor = await place.start();
    const { message } = await supervisor.until("web", ({ state }) => state === "backoff");
    expect(message).toContain(`cannot listen on "${path}": its directory does not exist`);
    mkdirSync(directory, { recursive: true });
    expect(await ask({ path: await untilListening(path) })).toBe(await pidOf(supervisor));
  });
});

test("a service that does not know of its sockets is started with them all the same", async () => {
  const address = ownAddress();
  const text = shell(
    'echo "names $LISTEN_FDNAMES, mine $(($LISTEN_PID == $$))"; exec sleep 1000',
    socket("x", address.listen),
  );
  await using supervisor = await TestSupervisor.start({ "plain.toml": text });
  expect(await supervisor.line("plain", () => true)).toBe("names x, mine 1");
});
