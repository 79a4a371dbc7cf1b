import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { contentOf, textOf } from "../log/rotating-log.ts";
import { shell } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, signalProcess, TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

const DIRECT = "[log]\ndirect = true\n";

/** Runs each line that is written to its FIFO as a script. */
function obedient(place: TestPlace, keys: string): void {
  const fifo = place.path("web.fifo");
  const script = `rm -f ${fifo}; mkfifo ${fifo}; exec 0<> ${fifo}; echo ready; while read -r order; do eval "$order"; done`;
  place.write("web.toml", shell(script, `[stop]\ntimeout = "1s"\n${DIRECT}${keys}`));
}

function order(place: TestPlace, script: string): void {
  writeFileSync(place.path("web.fifo"), `${script}\n`, { flag: "r+" });
}

const numbers = (first: number, last: number): string =>
  Array.from({ length: last - first + 1 }, (_, index) => `${first + index}\n`).join("");

test("stdout and stderr of a direct service are its log file, and what it says is read and followed all the same", async () => {
  using place = new TestPlace({});
  obedient(place, "");
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  const { pid } = await supervisor.service("web");
  const path = place.path("log", "web.log");
  expect([1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual([path, path]);
  // Appending, and nothing else that a program might find odd.
  expect(
    Number.parseInt(/flags:\t(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/1`, "utf8"))?.[1] ?? "", 8) & 0o6003,
  ).toBe(0o2001);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  await using following = new RunningCommand([BINARY, "logs", "-f", "-n", "all", "web"], {
    DAEMONSUP_RUNTIME_DIR: place.runtime,
  });
  await following.says("stdout", /ready\n/);
  order(place, "seq 1 2000; echo oops >&2");
  await following.says("stdout", /oops\n/);
  const seen = [...following.stdout.matchAll(/(\w+)$/gm)].map(([, text]) => text);
  expect(seen).toEqual(["ready", ...numbers(1, 2000).trim().split("\n"), "oops"]);
  expect((await supervisor.command("logs", "web", "-n", "2")).stdout).toMatch(/2000\n.*oops\n$/);
  expect(readFileSync(path, "utf8")).toBe(`ready\n${numbers(1, 2000)}oops\n`);
});

test("the full log of a service that cannot be told is copied and emptied, and it goes on at the beginning", async () => {
  using place = new TestPlace({});
  mkdirSync(place.path("own"));
  obedient(place, `file = "${place.path("own", "web.log")}"\nmax_size = "4KiB"\nkeep = 1000\ncompress = "zstd"`);
  await using supervisor = await place.start();
  const path = place.path("own", "web.log");
  await supervisor.line("web", (text) => text === "ready");
  await using following = new RunningCommand([BINARY, "logs", "-f", "-n", "all", "web"], {
    DAEMONSUP_RUNTIME_DIR: place.runtime,
  });
  await following.says("stdout", /ready\n/);
  for (const round of [1, 2, 3]) {
    // By one write: what comes after a rotation would stay in the file.
    order(place, `seq ${(round - 1) * 2000 + 1} ${round * 2000} | dd obs=64k status=none`);
    await following.says("stdout", new RegExp(`\\b${round * 2000}\n`));
    await untilTrue(() => statSync(path).size === 0 && existsSync(`${path}.${round}.zst`));
  }
  // The originals of what was compressed go last.
  await untilTrue(() => readdirSync(place.path("own")).every((name) => name === "web.log" || name.endsWith(".zst")));
  expect(contentOf(place.path("own"))).toBe(`ready\n${numbers(1, 6000)}`);
  expect([...following.stdout.matchAll(/(\d+)$/gm)].map(([, text]) => `${text}\n`).join("")).toBe(numbers(1, 6000));
});

test("a service that can be told opens its log anew, and no line is lost or doubled at full speed", async () => {
  using place = new TestPlace({});
  mkdirSync(place.path("own"));
  const path = place.path("own", "web.log");
  const script = `told=0; renew() { exec >>${path} 2>&1; told=$((told+1)); }; trap renew USR1
    i=0; while [ $told -lt 2 ]; do i=$((i+1)); echo $i; done; echo $i > ${place.path("count")}; exec sleep 1000`;
  place.write(
    "web.toml",
    shell(
      script,
      `${DIRECT}rotate_signal = "SIGUSR1"\nfile = "${path}"\nmax_size = "64KiB"\nkeep = 1000\ncompress = "gzip"`,
    ),
  );
  await using supervisor = await place.start();
  await untilTrue(() => existsSync(place.path("count")) && readFileSync(place.path("count"), "utf8") !== "");
  await untilTrue(() => existsSync(`${path}.2.gz`));
  // The newest may still be written to by somebody.
  expect(existsSync(`${path}.1`)).toBe(true);
  expect(contentOf(place.path("own"))).toBe(numbers(1, Number(readFileSync(place.path("count"), "utf8"))));
  expect((await supervisor.service("web")).restarts).toBe(0);
});

test("when another program has renamed the log, SIGUSR1 has the service told", async () => {
  using place = new TestPlace({});
  const path = place.path("log", "web.log");
  place.write(
    "web.toml",
    shell(
      `trap 'exec >>${path} 2>&1; echo new' USR1; echo old; while :; do sleep 0.05; done`,
      `${DIRECT}rotate_signal = "SIGUSR1"`,
    ),
  );
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "old");
  const since = Date.parse((await supervisor.service("web")).since ?? "");
  await untilTrue(() => Date.now() - since > 5_500);
  renameSync(path, `${path}.other`);
  supervisor.kill("SIGUSR1");
  await supervisor.line("web", (text) => text === "new");
  expect([textOf(path), textOf(`${path}.other`)]).toEqual(["new\n", "old\n"]);
});

test.each(["the new file was made", "the service was told"])(
  "a supervisor that is killed after it has moved the log away, before %s, leaves it to the next one to tell the service",
  async (moment) => {
    using place = new TestPlace({});
    const path = place.path("log", "web.log");
    place.write(
      "web.toml",
      shell(
        `renew() { exec >>${path} 2>&1; echo new; }; trap renew USR1; echo old; while :; do sleep 0.05; done`,
        `${DIRECT}rotate_signal = "SIGUSR1"`,
      ),
    );
    await using supervisor = await place.start();
    await supervisor.line("web", (text) => text === "old");
    const { pid, since } = await supervisor.service("web");
    await untilTrue(() => Date.now() - Date.parse(since) > 5_500);
    // The guardian starts the next one only when all is as it was left.
    signalProcess(supervisor.pid, "SIGSTOP");
    signalProcess(supervisor.supervisorPid, "SIGKILL");
    renameSync(path, `${path}.1`);
    if (moment === "the service was told") writeFileSync(path, "");
    signalProcess(supervisor.pid, "SIGCONT");
    await untilTrue(() => existsSync(path) && textOf(path) === "new\n");
    expect([textOf(`${path}.1`), (await (await supervisor.successor()).service("web")).pid]).toEqual(["old\n", pid]);
  },
);

test("the report of a crash has the last lines of that run, out of the file, and hooks write there too", async () => {
  await using supervisor = await TestSupervisor.start({
    "web.toml": shell(
      "echo before; echo gone >&2; exit 3",
      `${DIRECT}[restart]\npolicy = "never"\n[hooks]\nbefore_start = ["echo", "hook"]`,
    ),
  });
  await supervisor.until("web", (view) => view.state === "failed");
  expect(readFileSync(supervisor.place.path("log", "web.log"), "utf8")).toBe("hook\nbefore\ngone\n");
  const { stdout } = await supervisor.command("history", "web", "1");
  expect(stdout).toContain("before");
  expect(stdout).toContain("gone");
});

test("after the death of the supervisor the report still has the lines of that run alone", async () => {
  using place = new TestPlace({});
  obedient(place, '[restart]\npolicy = "never"');
  mkdirSync(place.path("log"));
  writeFileSync(place.path("log", "web.log"), "of an earlier run\n");
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  order(place, "echo before");
  await untilTrue(() => textOf(place.path("log", "web.log")).includes("before\n"));
  signalProcess(supervisor.supervisorPid, "SIGKILL");
  await using next = await supervisor.successor();
  order(place, "echo after; exit 3");
  await next.until("web", (view) => view.state === "failed");
  const { stdout } = await next.command("history", "web", "1");
  expect(stdout).toMatch(/ready\n.*before\n.*after\n/);
  expect(stdout).not.toContain("earlier");
});

test("where the file cannot be opened, the lines are taken from the service, and written once it can", async () => {
  using place = new TestPlace({});
  mkdirSync(place.path("own"));
  obedient(place, `file = "${place.path("own", "web.log")}"`);
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  renameSync(place.path("own"), place.path("away"));
  await supervisor.command("restart", "web");
  await untilTrue(() => place.ownLog().includes("only the last lines are kept, in memory"));
  await place.logged("what it writes is taken from it until it restarts");
  await supervisor.line("web", (text) => text === "ready");
  expect((await supervisor.command("logs", "web")).stdout).toContain("ready");
  mkdirSync(place.path("own"));
  supervisor.kill("SIGUSR1");
  await untilTrue(() => existsSync(place.path("own", "web.log")));
  await untilTrue(() => textOf(place.path("own", "web.log")) === "ready\n");
});

test("a service that only begins to write its log itself is restarted for that, a change of its rotation is taken as it runs", async () => {
  using place = new TestPlace({});
  const text = (keys: string): string => shell("exec sleep 1000", `[log]\n${keys}`);
  place.write("web.toml", text("keep = 2"));
  await using supervisor = await place.start();
  const pids = [(await supervisor.service("web")).pid];
  for (const keys of ["direct = true", 'direct = true\nkeep = 3\nrotate_signal = "SIGHUP"', "keep = 3"]) {
    place.write("web.toml", text(keys));
    expect((await supervisor.command("reload")).code).toBe(0);
    pids.push((await supervisor.until("web", (view) => view.state === "up")).pid);
  }
  expect([pids[0] === pids[1], pids[1] === pids[2], pids[2] === pids[3]]).toEqual([false, true, false]);
});
