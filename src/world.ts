/* What the command line needs from outside, for real. Part of the composition root. */
import { homedir, hostname } from "node:os";
import { outputTo } from "./cli/descriptor-output.ts";
import type { CliWorld } from "./cli/world.ts";
import { isPidFileLocked } from "./os/pid-file.ts";
import { findGroup, findUser } from "./os/user-database.ts";
import { VERSION } from "./version.ts";

export function makeWorld(): CliWorld {
  const uid = process.geteuid?.() ?? 0;
  return {
    env: process.env,
    cwd: process.cwd(),
    uid,
    invokingUid: uid === 0 && process.env["SUDO_UID"] !== undefined ? Number(process.env["SUDO_UID"]) : uid,
    get host() {
      return hostname();
    },
    home: homedir(),
    version: VERSION,
    stdout: outputTo(1),
    stderr: outputTo(2),
    now: () => Date.now(),
    isLocked: isPidFileLocked,
    machine: () => ({
      userExists: (name) => findUser(name) !== null,
      groupExists: (name) => findGroup(name) !== null,
      uidOf: (name) => findUser(name)?.uid ?? null,
    }),
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
