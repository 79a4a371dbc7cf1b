/* A file system that does not answer, as a dead network mount: a process of ours serves it, and is stopped. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { TestPlace, untilTrue } from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;
const program = compileProgram("hanging-fs");
const cannot =
  skipReason("a file system that hangs", [
    [isRoot, "only root mounts it"],
    [existsSync("/dev/fuse"), "there is no /dev/fuse"],
    [program !== null, "there is no C compiler"],
  ]) !== null;

test.skipIf(cannot)(
  "a log on a file system that hangs stops no other log, is told of by status, and goes on without a gap",
  async () => {
    using place = new TestPlace({});
    const disk = place.path("disk");
    mkdirSync(disk);
    const server = place.path("server");
    for (const name of ["hung", "sound"]) {
      const log = name === "hung" ? `[log]\nstamp = "none"\nfile = "${disk}/hung.log"` : '[log]\nstamp = "none"';
      const fifo = place.path(`${name}.fifo`);
      place.write(`${name}.toml`, shell(`mkfifo ${fifo}; exec 0<> ${fifo}; echo ready; exec cat`, log));
    }
    const say = (name: string, text: string): void =>
      writeFileSync(place.path(`${name}.fifo`), `${text}\n`, { flag: "r+" });
    await using supervisor = await place.start({ wrapper: [program ?? "", disk, server] });
    const pid = Number(place.read("server"));
    try {
      await supervisor.line("hung", (text) => text === "ready");
      await supervisor.line("sound", (text) => text === "ready");
      process.kill(pid, "SIGSTOP");
      say("hung", "1");
      await supervisor.until("hung", ({ message }) => message?.includes("does not answer") === true);

      say("hung", "2");
      say("sound", "while the other one hangs");
      await supervisor.line("sound", (text) => text === "while the other one hangs");
      expect(place.read("log", "sound.log")).toContain("while the other one hangs\n");
      expect(await supervisor.service("hung")).toMatchObject({ state: "up", message: expect.stringContaining("log") });
      expect(await supervisor.service("sound")).toMatchObject({ state: "up", message: null });
      expect(await supervisor.command("restart", "sound")).toMatchObject({ code: 0, stderr: "" });

      process.kill(pid, "SIGCONT");
      say("hung", "3");
      const file = `/proc/${supervisor.pid}/root${disk}/hung.log`;
      await untilTrue(() => readFileSync(file, "utf8") === "ready\n1\n2\n3\n");
      await supervisor.until("hung", ({ message }) => message === null);
    } finally {
      // What still waits for it fails then.
      process.kill(pid, "SIGKILL");
    }
  },
);
