/* What the command line needs from outside, for real. Part of the composition root. */
import { writeSync } from "node:fs";
import { homedir, hostname } from "node:os";
import type { CliWorld, Output } from "./cli/world.ts";
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
    host: hostname(),
    home: homedir(),
    version: VERSION,
    stdout: outputOf(1, process.stdout),
    stderr: outputOf(2, process.stderr),
    now: () => Date.now(),
    isLocked: isPidFileLocked,
    machine: () => ({ userExists: (name) => findUser(name) !== null, groupExists: (name) => findGroup(name) !== null }),
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

function outputOf(fd: number, stream: NodeJS.WriteStream): Output {
  return {
    isTerminal: stream.isTTY === true,
    columns: stream.isTTY === true ? stream.columns : null,
    write: (text) => writeAll(fd, Buffer.from(text)),
  };
}

/** All of it, also into a pipe whose reader is slow; false once there is no reader. */
function writeAll(fd: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") Bun.sleepSync(1);
      else if (code !== "EINTR") return false;
    }
  }
  return true;
}
