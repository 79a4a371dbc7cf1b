/* Services that are started at the first connection. */
import { describe, expect, test } from "bun:test";
import { compileProgram } from "../compile-program.ts";
import { program, shell } from "./definitions.ts";
import { RestlessClients, ask, ownAddress, refusalOf } from "./socket-clients.ts";
import { TestPlace, TestSupervisor } from "./test-supervisor.ts";

const server = compileProgram("passed-socket-server");

const onDemand = (listen: string, more = ""): string =>
  `[sockets.http]\nlisten = "${listen}"\non_demand = true\n${more}`;

describe.skipIf(server === null)("a service on demand", () => {
  test("waits until somebody connects, and then serves that connection", async () => {
    const address = ownAddress();
    const files = { "web.toml": program([server ?? ""], onDemand(address.listen)) };
    await using supervisor = await TestSupervisor.start(files);
    expect(await supervisor.service("web")).toMatchObject({ state: "waiting", pid: null });
    const answer = await ask(address);
    const { pid } = await supervisor.until("web", ({ state }) => state === "up");
    expect(answer).toBe(`${pid}\n`);
    expect(await ask(address)).toBe(answer);
  });

  test("is there for those that require it by its socket; what a schedule runs is run for them", async () => {
    const address = ownAddress();
    const nightly = 'type = "oneshot"\n[schedule]\nevery = "24h"';
    await using supervisor = await TestSupervisor.start({
      "web.toml": program([server ?? ""], onDemand(address.listen)),
      "nightly.toml": shell("echo ran", nightly),
      "app.toml": program(["sleep", "1000"], 'requires = ["web", "nightly"]'),
    });
    await supervisor.until("app", ({ state }) => state === "up");
    expect(await supervisor.service("web")).toMatchObject({ state: "waiting", pid: null, well: true });
    expect(await supervisor.service("nightly")).toMatchObject({ state: "waiting", last_exit: { code: 0 }, well: true });
    expect(await ask(address)).toBe(`${(await supervisor.until("web", ({ state }) => state === "up")).pid}\n`);
  });

  test("waits again once it has ended by itself, and is started again", async () => {
    const address = ownAddress();
    const files = {
      "web.toml": program([server ?? "", "1"], `restart.policy = "on-failure"\n${onDemand(address.listen)}`),
    };
    await using supervisor = await TestSupervisor.start(files);
    const answers: string[] = [];
    for (let round = 0; round < 3; round++) {
      answers.push(await ask(address));
      await supervisor.until("web", ({ state }) => state === "waiting");
    }
    expect(new Set(answers).size).toBe(3);
  });

  test("is started by a Unix socket and by a datagram too", async () => {
    const [address, place] = [ownAddress(), new TestPlace({})];
    const [path, script] = [place.path("web.sock"), "echo started; exec sleep 1000"];
    place.write("unix.toml", program([server ?? ""], onDemand(path)));
    place.write("udp.toml", shell(script, onDemand(address.listen, 'type = "datagram"')));
    await using supervisor = await place.start();
    expect(await ask({ path })).toBe(`${(await supervisor.service("unix")).pid}\n`);
    expect(await supervisor.service("udp")).toMatchObject({ state: "waiting" });
    const client = await Bun.udpSocket({ connect: { hostname: address.host, port: address.port } });
    client.send("hello");
    await supervisor.until("udp", ({ state }) => state === "up");
    client.close();
  });

  test("loses nobody who connects while it ends and is started again", async () => {
    const address = ownAddress();
    const files = {
      "web.toml": program([server ?? "", "50"], `restart.policy = "on-failure"\n${onDemand(address.listen)}`),
    };
    await using supervisor = await TestSupervisor.start(files);
    const clients = new RestlessClients(address, { accept: /^\d+\n$/ });
    while (clients.answers.size < 5 && clients.losses.length === 0) await clients.more();
    await clients.stop();
    expect(clients.losses).toEqual([]);
    expect((await supervisor.service("web")).state).not.toBe("failed");
  });

  test("that was stopped by hand is not started by anybody who connects", async () => {
    const address = ownAddress();
    const files = { "web.toml": program([server ?? ""], onDemand(address.listen)) };
    await using supervisor = await TestSupervisor.start(files);
    await ask(address);
    expect((await supervisor.command("stop", "web")).code).toBe(0);
    const waiting = ask(address);
    expect(await supervisor.service("web")).toMatchObject({ state: "down" });
    expect((await supervisor.command("start", "web")).code).toBe(0);
    expect(await waiting).toBe(`${(await supervisor.until("web", ({ state }) => state === "up")).pid}\n`);
  });
});

test("a service that never takes what arrives is given up with the reason, and its clients are let go", async () => {
  const address = ownAddress();
  const files = { "web.toml": shell("exit 0", `restart.policy = "on-failure"\n${onDemand(address.listen)}`) };
  await using supervisor = await TestSupervisor.start(files);
  const client = refusalOf(address);
  const { message } = await supervisor.until("web", ({ state }) => state === "failed");
  expect(message).toContain(`it ends without taking all that arrives on "${address.listen}"`);
  await client;
  expect(await refusalOf(address)).toBe("ECONNREFUSED");
  await supervisor.event(({ service, state }) => service === "web" && state === "failed");
  expect(supervisor.events.filter(({ event, service }) => event === "exit" && service === "web").length).toBe(20);
});
