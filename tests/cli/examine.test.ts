import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { examineMachine } from "../../src/cli/examine-machine.ts";
import { examinePlaces } from "../../src/cli/examine-places.ts";
import type { Finding } from "../../src/cli/finding.ts";

const NOW = Date.parse("2027-01-02T03:04:05.000Z");

/** A machine without anything to worry about, but for the syslog daemon that no file can stand for. */
const MACHINE: Readonly<Record<string, string>> = {
  "proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
  "proc/sys/kernel/pid_max": "4194304\n",
  "proc/self/mounts": "proc /proc proc rw,nosuid 0 0\n",
  "proc/self/limits": "Limit\nMax open files            1024                 524288               files     \n",
  "proc/meminfo": "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\n",
  "etc/localtime": "",
};

function withFiles<Result>(files: Readonly<Record<string, string>>, act: (root: string) => Result): Result {
  const root = mkdtempSync(join(tmpdir(), "ds-examine-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return act(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function found(findings: readonly Finding[], about: string): string {
  const finding = findings.find((each) => each.about === about);
  return finding === undefined ? "nothing" : `${finding.level}: ${finding.found}`;
}

/** What is found of one thing on this machine, changed in some files. */
function ofMachine(about: string, changes: Readonly<Record<string, string>>, now = NOW): string {
  const built = Date.parse("2026-11-22T00:00:00.000Z");
  return withFiles({ ...MACHINE, ...changes }, (root) =>
    found(examineMachine({ root: `${root}/`, uid: 1000, now, built }), about),
  );
}

describe("of the machine, doctor tells", () => {
  test.each([
    ["kernel", {}, "ok: Linux 6.1.0-18-amd64; exit statuses of strangers' children are not told before 6.15"],
    ["kernel", { "proc/sys/kernel/osrelease": "6.18.0" }, "ok: Linux 6.18.0"],
    ["kernel", { "proc/sys/kernel/osrelease": "5.4.1" }, "problem: Linux 5.4.1 lacks system calls that are needed"],
    ["processes", {}, "ok: /proc shows them"],
    ["processes", { "proc/self/mounts": "" }, "problem: /proc is not mounted"],
    [
      "processes",
      { "proc/self/mounts": "proc /proc proc rw,hidepid=2 0 0\n" },
      "warning: /proc hides those of other users (hidepid): what a service leaves as another user is not found",
    ],
    ["descriptors", {}, "ok: 524288, enough for 131072 services"],
    [
      "descriptors",
      { "proc/self/limits": "Max open files            1024                 1024               files\n" },
      "note: at most 1024: enough for about 256 services",
    ],
    ["pid numbers", {}, "ok: up to 4194304"],
    ["memory", {}, "ok: 50 % of 977 MiB are available"],
    [
      "memory",
      { "proc/meminfo": "MemTotal: 1000000 kB\nMemAvailable: 20000 kB\n" },
      "warning: 2 % of 977 MiB are available: the kernel may soon kill something",
    ],
    ["syslog", {}, "note: no daemon listens on /dev/log: messages go to the supervisor's own log alone"],
    ["clock", {}, "ok: 2027-01-02 03:04 UTC"],
  ] as const)("%s, case %#", (about, changes, told) => {
    expect(ofMachine(about, changes)).toBe(told);
  });

  test("that its clock is wrong", () => {
    expect(ofMachine("clock", {}, 0)).toStartWith("problem: it says 1970-01-01 00:00 UTC, which is before");
  });
});

describe("of the places, doctor tells", () => {
  const uid = process.getuid?.() ?? 0;

  function ofPlaces(about: string, arrange: (root: string) => void, services: readonly string[] | null = []): string {
    return withFiles({ "run/x": "", "state/x": "", "log/x": "" }, (root) => {
      arrange(root);
      const directories = { runtime: join(root, "run"), state: join(root, "state"), log: join(root, "log") };
      return found(examinePlaces({ directories, uid, services, now: NOW }), about).replaceAll(root, "ROOT");
    });
  }

  test("that a directory is as it should be, or will be made", () => {
    expect(ofPlaces("state directory", () => undefined)).toBe("ok: ROOT/state");
    const away = (root: string): void => rmSync(join(root, "state"), { recursive: true });
    expect(ofPlaces("state directory", away)).toBe("ok: ROOT/state, made when it is needed");
  });

  test("that others may write it, or that it is none", () => {
    expect(ofPlaces("runtime directory", (root) => chmodSync(join(root, "run"), 0o777))).toBe(
      'problem: "ROOT/run" may be written by others',
    );
    const toFile = (root: string): void => {
      rmSync(join(root, "log"), { recursive: true });
      writeFileSync(join(root, "log"), "");
    };
    expect(ofPlaces("log directory", toFile)).toBe('problem: "ROOT/log" is no directory, and no supervisor can start');
  });

  test("that logs of services that are no more lie about", () => {
    const leave = (root: string): void => {
      for (const name of ["web.log", "gone.log", "gone.log.1", "new.log"]) {
        writeFileSync(join(root, "log", name), "x");
        const changed = (name === "new.log" ? NOW : NOW - 31 * 86_400_000) / 1000;
        utimesSync(join(root, "log", name), changed, changed);
      }
    };
    expect(ofPlaces("old log files", leave, ["web"])).toBe(
      "note: 2 of services that are no more (gone), 1 MiB, untouched for 30 days",
    );
    expect(ofPlaces("old log files", leave, null)).toBe("nothing");
  });
});
