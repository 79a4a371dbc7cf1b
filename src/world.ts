/* What the command line needs from outside, for real. Part of the composition root. */
import { outputTo } from "./cli/descriptor-output.ts";
import type { CliWorld } from "./cli/world.ts";
import { connectClient } from "./os/client-socket.ts";
import { openStandardOutput } from "./os/standard-output.ts";
import { VERSION } from "./version.ts";

export function makeWorld(): CliWorld {
  const uid = process.geteuid?.() ?? 0;
  return {
    env: process.env,
    cwd: process.cwd(),
    uid,
    invokingUid: uid === 0 && process.env["SUDO_UID"] !== undefined ? Number(process.env["SUDO_UID"]) : uid,
    get host() {
      return operatingSystem().hostname();
    },
    get home() {
      return homeOrRoot();
    },
    version: VERSION,
    stdout: outputTo(openStandardOutput(1)),
    stderr: outputTo(openStandardOutput(2)),
    now: () => Date.now(),
    get userName() {
      return userDatabase().findUser(String(uid))?.name ?? String(uid);
    },
    get program() {
      const { readlinkSync } = require("node:fs") as typeof import("node:fs");
      return readlinkSync("/proc/self/exe");
    },
    run: async (words, input) => {
      const { runProgram } = await import("./run-program.ts");
      return await runProgram(words, input);
    },
    connect: connectClient,
    isLocked: (pidFile) => {
      const { isPidFileLocked } = require("./os/pid-file.ts") as typeof import("./os/pid-file.ts");
      return isPidFileLocked(pidFile);
    },
    pidIn: (pidFile) => {
      const { readPidFile } = require("./os/pid-file.ts") as typeof import("./os/pid-file.ts");
      return readPidFile(pidFile);
    },
    wake: (pid) => {
      const { readFileSync } = require("node:fs") as typeof import("node:fs");
      try {
        // Behind the name, which may contain anything, the state is the first word.
        const [state] = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1) ?? "";
        if (state === "T") process.kill(pid, "SIGCONT");
      } catch {
        // It is gone, or somebody else's.
      }
    },
    readHistory: async (file, question) => {
      const { readLeftHistory } = await import("./os/left-history.ts");
      return readLeftHistory(file, question);
    },
    machine: () => {
      const { findGroup, findUser } = userDatabase();
      return {
        userExists: (name) => findUser(name) !== null,
        groupExists: (name) => findGroup(name) !== null,
        uidOf: (name) => findUser(name)?.uid ?? null,
      };
    },
    async *readLogFiles(wish) {
      const { readLogFiles } = await import("./read-files.ts");
      yield* readLogFiles(wish);
    },
    openFullScreen: async (listener) => {
      const { openFullScreen } = await import("./full-screen.ts");
      return openFullScreen(listener);
    },
    start: async (options) => {
      const { start } = await import("./launch.ts");
      return await start(options, makeWorld());
    },
    onInterrupt: (listener) => {
      process.on("SIGINT", listener);
      return () => process.off("SIGINT", listener);
    },
  };
}

// Loaded when they are asked for, which is seldom: together they would cost every command a millisecond or two.
function operatingSystem(): typeof import("node:os") {
  return require("node:os") as typeof import("node:os");
}

/** A user of whom the machine knows nothing, as containers have, has no home: whatever he wants to keep he has to say where. */
function homeOrRoot(): string {
  try {
    return operatingSystem().homedir();
  } catch {
    return "/";
  }
}

function userDatabase(): typeof import("./os/user-database.ts") {
  return require("./os/user-database.ts") as typeof import("./os/user-database.ts");
}
