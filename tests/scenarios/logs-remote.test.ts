/* Output that goes to a syslog server: Debian's rsyslogd, by UDP, TCP and TLS, or one that is not there. */
import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { findRsyslog, isInstalled } from "../../tools/debian-programs.ts";
import { shell } from "./definitions.ts";
import { chanceLoopbackAddress } from "./loopback-address.ts";
import { skipReason } from "./loud-skip.ts";
import { makeCertificates, SyslogServer } from "./syslog-server.ts";
import { TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

const cannotRun = skipReason("syslog servers", [
  [findRsyslog() !== null, "rsyslogd is neither installed nor unpacked (rsyslog, rsyslog-openssl)"],
  [isInstalled("openssl"), "there is no openssl"],
]);

interface Setting {
  readonly place: TestPlace;
  readonly server: SyslogServer;
}

async function makeSetting(): Promise<Setting> {
  const place = new TestPlace({});
  await makeCertificates(place);
  return { place, server: new SyslogServer(place) };
}

/** A sink at the server by this protocol; `more` are further keys. */
function sink({ place, server }: Setting, protocol: "udp" | "tcp" | "tls", more = ""): string {
  const port = { udp: 5514, tcp: 5601, tls: 5614 }[protocol];
  const proof = protocol === "tls" ? `ca = "${place.path("ca.pem")}"\nserver_name = "logs.test"` : "";
  return `[log]\nto = ["central"]\n[log.sinks.central]\ntype = "remote"\naddress = "${protocol}://${server.address}:${port}"\n${proof}\n${more}\n`;
}

describe.skipIf(cannotRun !== null)("a syslog server", () => {
  for (const protocol of ["udp", "tcp", "tls"] as const) {
    test(`understands each line that comes by ${protocol}`, async () => {
      const setting = await makeSetting();
      const { place, server } = setting;
      await using _ = server;
      await server.start();
      const script = `echo 'hello wörld'; echo '<4>careful'; echo 'at fault' >&2; exec sleep 1000`;
      place.write("web.toml", shell(script, sink(setting, protocol, 'facility = "local3"')));
      await using supervisor = await place.start();
      const messages = await server.until((all) => all.length >= 3);
      const { pid } = await supervisor.service("web");
      const common = { facility: "local3", host: hostname(), app: "web", pid: String(pid) };
      expect(messages.map(({ time: _time, ...rest }) => rest).toSorted((a, b) => (a.text < b.text ? -1 : 1))).toEqual([
        { ...common, severity: "err", text: "at fault" },
        { ...common, severity: "warning", text: "careful" },
        { ...common, severity: "info", text: "hello wörld" },
      ]);
      for (const { time } of messages) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}/);
    });
  }

  for (const protocol of ["tcp", "tls"] as const) {
    test(`that is away gets by ${protocol} what was said meanwhile, in order, once it is there`, async () => {
      const setting = await makeSetting();
      const { place, server } = setting;
      await using _ = server;
      const script = `i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done; exec sleep 1000`;
      place.write("web.toml", shell(script, sink(setting, protocol)));
      await using supervisor = await place.start();
      await untilTrue(() => place.ownLog().includes("cannot send logs to"));
      await place.logged(new RegExp(`cannot send logs to "${protocol}://[0-9.]+:[0-9]+": ECONNREFUSED`));
      await server.start();
      const messages = await server.until((all) => all.length >= 500);
      expect(messages.map(({ text }) => text)).toEqual(Array.from({ length: 500 }, (__, index) => `line ${index + 1}`));
      await untilTrue(() => place.ownLog().includes("is reached again"));
      expect((await supervisor.service("web")).state).toBe("up");
    });
  }

  test("that is restarted is connected to again, and nothing that was said while it was away is lost", async () => {
    const setting = await makeSetting();
    const { place, server } = setting;
    await using _ = server;
    await server.start();
    const script = `exec 3<> ${place.path("fifo")}; echo first; read -r go <&3; i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; done; exec sleep 1000`;
    await Bun.$`mkfifo ${place.path("fifo")}`.quiet();
    place.write("web.toml", shell(script, sink(setting, "tcp")));
    await using supervisor = await place.start();
    await server.until((all) => all.length === 1);
    await server.stop();
    await Bun.$`echo go > ${place.path("fifo")}`.quiet();
    await supervisor.line("web", (text) => text === "line 100");
    await untilTrue(() => place.ownLog().includes("cannot send logs to"));
    await server.start();
    const messages = await server.until((all) => all.some(({ text }) => text === "line 100"));
    const texts = messages.map(({ text }) => text);
    expect(texts.slice(-100)).toEqual(Array.from({ length: 100 }, (__, index) => `line ${index + 1}`));
  });

  test.each([
    ["whose certificate nobody trusts", "other-ca.pem", "logs.test"],
    ["whose certificate is for another name", "ca.pem", "other.test"],
  ])("%s is told nothing", async (_title, ca, name) => {
    const setting = await makeSetting();
    const { place, server } = setting;
    await using _ = server;
    await server.start();
    const text = sink(setting, "tls").replace("ca.pem", ca).replace("logs.test", name);
    place.write("web.toml", shell("echo secret; exec sleep 1000", text));
    await using supervisor = await place.start();
    await untilTrue(() => place.ownLog().includes("cannot send logs to"));
    expect(place.ownLog()).toMatch(
      /cannot send logs to "tls:[^"]+": [^;]*(certificate|CERT|SIGNATURE|ALTNAME|verify)/i,
    );
    expect(server.received()).toEqual([]);
    expect((await supervisor.service("web")).state).toBe("up");
  });

  test("gets the lines of a stack trace as one message", async () => {
    const setting = await makeSetting();
    const { place, server } = setting;
    await using _ = server;
    await server.start();
    const script = `printf 'Error: x\\n    at a\\n    at b\\nnext\\n'; exec sleep 1000`;
    const more = sink(setting, "tcp").replace("[log]\n", "[log]\nmultiline = { start = '^\\S', within = \"50ms\" }\n");
    place.write("web.toml", shell(script, more));
    await using supervisor = await place.start();
    const messages = await server.until((all) => all.length >= 2);
    expect(messages.map(({ text }) => text)).toEqual(["Error: x\\n    at a\\n    at b", "next"]);
    expect(supervisor.pid).toBeGreaterThan(1);
  });
});

test("a service is shown to log to a server that is not reached, until it is", async () => {
  const at = { hostname: chanceLoopbackAddress(), port: 5601 };
  await using supervisor = await TestSupervisor.start({
    "web.toml": shell(
      "echo said; exec sleep 1000",
      `[log]\nto = ["central"]\n[log.sinks.central]\ntype = "remote"\naddress = "tcp://${at.hostname}:${at.port}"`,
    ),
    "other.toml": shell("echo said; exec sleep 1000"),
  });
  await untilTrue(() => supervisor.place.ownLog().includes("cannot send logs to"));
  const trouble = `cannot send logs to "tcp://${at.hostname}:5601": ECONNREFUSED; they wait in memory`;
  expect((await supervisor.service("web")).message).toBe(trouble);
  expect((await supervisor.service("other")).message).toBe(null);
  expect((await supervisor.command("status")).stdout).toContain(trouble);
  using _ = Bun.listen({ ...at, socket: { data: () => undefined } });
  await untilTrue(() => supervisor.place.ownLog().includes("is reached again"));
  expect((await supervisor.service("web")).message).toBe(null);
});
