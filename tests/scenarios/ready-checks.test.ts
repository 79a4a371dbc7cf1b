/* Services that are ready when something from outside says so; the test holds the other end of each check. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program, shell } from "./definitions.ts";
import { ownAddress } from "./socket-clients.ts";
import { TestPlace, signalProcess } from "./test-supervisor.ts";

const FOREVER = ["sleep", "1000000"];

const isUp = (view: ServiceView): boolean => view.state === "up" && view.ready;

describe("a service that is ready by tcp", () => {
  test("is starting, and says why, until its port accepts a connection", async () => {
    const { host: hostname, port, listen } = ownAddress();
    const place = new TestPlace({ "web.toml": program(FOREVER, `[ready]\ntcp = "${listen}"`) });
    await using supervisor = await place.start();
    const view = await supervisor.until(
      "web",
      ({ message }) => message === `not ready yet: tcp ${listen}: connection refused`,
    );
    expect([view.state, view.ready]).toEqual(["starting", false]);
    using _listener = Bun.listen({ hostname, port, socket: { data() {} } });
    expect((await supervisor.until("web", isUp)).message).toBeNull();
  });

  test("fails when its time is over", async () => {
    const { listen } = ownAddress();
    const ready = `[ready]\ntcp = "${listen}"\ntimeout = "300ms"\n[restart]\npolicy = "never"`;
    const place = new TestPlace({ "web.toml": program(FOREVER, ready) });
    await using supervisor = await place.start();
    const view = await supervisor.until("web", ({ state }) => state === "failed");
    expect([view.message, view.pid]).toEqual([`not ready within 0.3s: tcp ${listen}: connection refused`, null]);
    await place.untilMarked();
  });
});

test("a service that is ready by http is up at the first good answer", async () => {
  let status = 503;
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("", { status }) });
  const place = new TestPlace({ "web.toml": program(FOREVER, `[ready]\nhttp = "${server.url.href}"`) });
  await using supervisor = await place.start();
  await supervisor.until("web", ({ message }) => message === `not ready yet: http ${server.url.host}/: answered 503`);
  status = 204;
  await supervisor.until("web", isUp);
});

test("a service that is ready by a command is up when that exits 0", async () => {
  const place = new TestPlace({});
  const file = place.path("ready");
  const check = ["sh", "-c", `test -e ${file} || { echo not there; exit 4; }`];
  place.write("web.toml", program(FOREVER, `[ready]\ncommand = ${JSON.stringify(check)}`));
  await using supervisor = await place.start();
  await supervisor.until("web", ({ message }) => message === "not ready yet: command sh: exited 4: not there");
  writeFileSync(file, "");
  const { pid } = await supervisor.until("web", isUp);
  await place.untilMarked(pid);
});

describe("a service that is ready by a line of its output", () => {
  test("is up when it has written the line", async () => {
    const place = new TestPlace({});
    const file = place.path("go");
    const script = `echo starting; while [ ! -e ${file} ]; do sleep 0.02; done; echo listening on 80; exec sleep 1000000`;
    place.write("web.toml", shell(script, '[ready]\nlog = "^listening on [0-9]+$"'));
    await using supervisor = await place.start();
    await supervisor.line("web", (text) => text === "starting");
    expect((await supervisor.service("web")).state).toBe("starting");
    writeFileSync(file, "");
    await supervisor.until("web", isUp);
  });

  test("is up whatever else it writes, as fast as it can", async () => {
    const script = "yes | head -c 4000000; echo now; yes | head -c 1000000; exec sleep 1000000";
    const place = new TestPlace({ "web.toml": shell(script, '[ready]\nlog = "^now$"\n[log]\nto = []') });
    await using supervisor = await place.start();
    await supervisor.until("web", isUp);
  });

  test("is not up by a line of an earlier run", async () => {
    const place = new TestPlace({});
    const [first, second] = [place.path("first"), place.path("second")];
    const later = `while [ ! -e ${second} ]; do sleep 0.02; done; echo ready`;
    const script = `if [ -e ${first} ]; then echo again; ${later}; else touch ${first}; echo ready; fi; exec sleep 1000000`;
    place.write("web.toml", shell(script, '[ready]\nlog = "ready"\n[restart]\ndelay = "0ms"'));
    await using supervisor = await place.start();
    const { pid } = await supervisor.until("web", isUp);
    signalProcess(pid, "SIGKILL");
    await supervisor.line("web", (text) => text === "again");
    const message = 'not ready yet: no line of its output has matched "ready"';
    expect((await supervisor.until("web", (view) => view.message === message)).restarts).toBe(1);
    writeFileSync(second, "");
    await supervisor.until("web", isUp);
  });
});
