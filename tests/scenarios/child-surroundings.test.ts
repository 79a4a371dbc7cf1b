/* What a service is given to begin with: what was asked for, and nothing that the supervisor itself was given. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { DEFAULT_PATH } from "../../src/config/resolve-program.ts";
import { statusLineOf } from "./process-facts.ts";
import { makeOpenDirectory, surroundings, surroundingsOf, telling } from "./surroundings.ts";
import { TestPlace, type TestSupervisor, untilTrue } from "./test-supervisor.ts";

const NO_SIGNALS = "0000000000000000";
/** Strange surroundings for the supervisor: ignored and blocked signals, a umask, descriptors, limits, variables. */
const STRANGE = [
  "env",
  "--ignore-signal=INT,USR1,PIPE,CHLD",
  "--block-signal=TERM,USR2,WINCH",
  "nice",
  "-n",
  "5",
  "sh",
  "-c",
  'umask 077; ulimit -S -n 700; exec 5</etc/passwd 8>/dev/null; exec "$@"',
  "sh",
];
const STRANGE_VARIABLES = {
  SECRET_OF_THE_OPERATOR: "1",
  LANG: "de_DE.UTF-8",
  TZ: "Europe/Berlin",
  LC_ALL: "C",
  NOTIFY_SOCKET: "/nowhere",
  LISTEN_FDS: "3",
  INVOCATION_ID: "0123",
  BUN_CONFIG_VERBOSE_FETCH: "1",
};

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

describe.skipIf(surroundings === null)("a service", () => {
  let supervisor: TestSupervisor;
  const found = async (service: string) => await surroundingsOf(supervisor.place, service);

  /** The score for the OOM killer is given by the supervisor once the exec has returned, which the program does not wait for. */
  async function untilScore(service: string, score: string): Promise<void> {
    const { pid } = await supervisor.service(service);
    await untilTrue(() => readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim() === score);
  }

  beforeAll(async () => {
    const place = new TestPlace({});
    const open = makeOpenDirectory(place);
    place.write("plain.toml", telling(place, "plain"));
    place.write(
      "asking.toml",
      telling(
        place,
        "asking",
        `directory = "${open}"\numask = "027"\nnice = 7\noom_score_adjust = 321\nno_new_privileges = true
[limits]
nofile = { soft = 77, hard = 99 }
core = 0
fsize = "10MiB"
memlock = { soft = 0, hard = 4096 }
cpu = 3600
stack = { soft = "1MiB", hard = "2MiB" }
data = "1GiB"
as = "2GiB"
nproc = { soft = 500, hard = 600 }`,
      ),
    );
    place.write("many-files.toml", telling(place, "many-files", "[limits]\nnofile = 3000"));
    supervisor = await place.start({ wrapper: STRANGE, env: STRANGE_VARIABLES });
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
  });

  test("is a session and a group of its own, without a terminal, and a child of the supervisor", async () => {
    const { facts } = await found("plain");
    const { pid } = await supervisor.service("plain");
    for (const number of ["self", "session", "group"]) expect(facts.get(number)).toBe(String(pid));
    expect(facts.get("parent")).toBe(String(supervisor.supervisorPid));
    expect(facts.get("terminal")).toBe("none");
  });

  test("has every signal at its default and none blocked, whatever was ignored or blocked for the supervisor", async () => {
    const { facts } = await found("plain");
    for (const set of ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"])
      expect([set, facts.get(set)]).toEqual([set, NO_SIGNALS]);
  });

  test("has nothing open but its three standard descriptors: nothing to read, and two pipes", async () => {
    const { descriptors } = await found("plain");
    expect([...descriptors.keys()]).toEqual([0, 1, 2]);
    expect(descriptors.get(0)).toBe("/dev/null");
    expect(descriptors.get(1)).toMatch(/\/pipes\/\d+$/);
    expect(descriptors.get(2)).toMatch(/\/pipes\/\d+$/);
    expect(descriptors.get(1)).not.toBe(descriptors.get(2) ?? "");
  });

  test("has the usual umask, directory, priority and number of descriptors if it asks for none", async () => {
    const { facts } = await found("plain");
    expect(facts.get("umask")).toBe("022");
    expect(facts.get("directory")).toBe("/");
    // Nobody but root may have a better priority than it was given, and a service that asks for none runs all the same.
    expect(facts.get("nice")).toBe(own.uid === 0 ? "0" : String(getPriority() + 5));
    await untilScore("plain", "0");
    expect(facts.get("NoNewPrivs")).toBe(statusLineOf(process.pid, "NoNewPrivs"));
    expect(facts.get("limit nofile")).toStartWith("1024 ");
  });

  test("is who the supervisor is if it asks for nobody else", async () => {
    const { facts } = await found("plain");
    expect(facts.get("uid")).toBe(`${own.uid} ${own.uid} ${own.uid}`);
    expect(facts.get("gid")).toBe(`${own.gid} ${own.gid} ${own.gid}`);
    const groups = (process.getgroups?.() ?? []).toSorted((left, right) => left - right);
    const given =
      facts
        .get("groups")
        ?.split(" ")
        .filter((word) => word !== "")
        .map(Number) ?? [];
    expect(given.toSorted((left, right) => left - right)).toEqual(groups);
  });

  test("has an environment that is built, and of the supervisor's own only language and time zone", async () => {
    const { environment } = await found("plain");
    const { INVOCATION_ID, ...rest } = environment;
    expect(INVOCATION_ID).toMatch(/^[0-9a-f]{32}$/);
    expect(rest).toEqual({
      PATH: DEFAULT_PATH,
      LANG: STRANGE_VARIABLES.LANG,
      TZ: STRANGE_VARIABLES.TZ,
      TEST_MARK: supervisor.place.mark,
      DAEMONSUP_SERVICE: "plain",
    });
  });

  test("has what it asks for", async () => {
    const { facts } = await found("asking");
    expect(facts.get("umask")).toBe("027");
    expect(facts.get("directory")).toBe(supervisor.place.path("open"));
    expect(facts.get("nice")).toBe("7");
    await untilScore("asking", "321");
    expect(facts.get("NoNewPrivs")).toBe("1");
  });

  test("has the limits that it asks for", async () => {
    const { facts } = await found("asking");
    const asked = {
      nofile: "77 99",
      core: "0 0",
      fsize: `${10 << 20} ${10 << 20}`,
      memlock: "0 4096",
      cpu: "3600 3600",
      stack: `${1 << 20} ${2 << 20}`,
      data: `${1 << 30} ${1 << 30}`,
      as: `${2 ** 31} ${2 ** 31}`,
      nproc: "500 600",
    };
    for (const [name, limit] of Object.entries(asked))
      expect([name, facts.get(`limit ${name}`)]).toEqual([name, limit]);
    expect((await found("many-files")).facts.get("limit nofile")).toBe("3000 3000");
  });

  test("begins with the same surroundings after a restart, but as another run", async () => {
    const before = await found("plain");
    const { pid } = await supervisor.service("plain");
    expect((await supervisor.command("restart", "plain")).code).toBe(0);
    const again = async () => {
      for (;;) {
        const now = await found("plain");
        if (now.facts.get("self") !== String(pid)) return now;
        await Bun.sleep(5);
      }
    };
    const after = await again();
    expect(after.environment["INVOCATION_ID"]).not.toBe(before.environment["INVOCATION_ID"] ?? "");
    for (const changing of ["self", "session", "group"]) {
      expect(after.facts.get(changing)).not.toBe(before.facts.get(changing) ?? "");
    }
    for (const same of ["umask", "SigBlk", "SigIgn", "limit nofile", "groups"])
      expect([same, after.facts.get(same)]).toEqual([same, before.facts.get(same)]);
    await untilScore("plain", "0");
    expect([...after.descriptors.keys()]).toEqual([0, 1, 2]);
  });

  test("leaves the supervisor itself as it was", async () => {
    await found("asking");
    // Where it may, it has a lower score while it starts nothing.
    const own = readFileSync("/proc/self/oom_score_adj", "utf8");
    expect([own, "-900\n"]).toContain(readFileSync(`/proc/${supervisor.supervisorPid}/oom_score_adj`, "utf8"));
    expect(statusLineOf(supervisor.supervisorPid, "NoNewPrivs")).toBe(statusLineOf(process.pid, "NoNewPrivs"));
    expect(statusLineOf(supervisor.supervisorPid, "Umask")).toBe("0000");
  });
});
