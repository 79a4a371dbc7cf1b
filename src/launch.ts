/*
 * The launcher: turns the command that the user typed into a supervisor. As a daemon, it waits until that is up and only
 * then exits 0; in the foreground it becomes the supervisor itself, with the same pid.
 */
import { placesOf } from "./cli/find-supervisor.ts";
import type { StartOptions } from "./cli/parse-start-options.ts";
import type { CliWorld } from "./cli/world.ts";
import { encodeConfiguration } from "./config/configuration-text.ts";
import { EXIT } from "./core/exit-statuses.ts";
import { errnoNameOf } from "./os/errno-names.ts";
import { NativeBlock } from "./os/native-block.ts";
import { makeMemoryFile } from "./os/memory-file.ts";
import { loadNative } from "./os/native.ts";
import { openLogPipe } from "./os/pipe-io.ts";
import { closeFd } from "./os/signalling.ts";
import { type Frame, type SupervisorRole, parseFrames, readyLines, roleArguments, roleEnvironment } from "./role.ts";

/** How much longer than its ready timeout the supervisor may take to say that it is not ready. */
const GRACE_MS = 15_000;
/** The file of the running program, whatever became of its name. */
const OWN_PROGRAM = "/proc/self/exe";

export async function start(options: StartOptions, world: CliWorld): Promise<number> {
  const directories = placesOf(options, world);
  const base = { options, directories, invokingUid: world.invokingUid };
  const { readConfiguration } = await import("./load-configuration.ts");
  const reading = readConfiguration(base);
  const problems = reading.tag === "rejected" ? reading.problems : options.strict ? reading.warnings : [];
  if (problems.length > 0) {
    for (const problem of problems) world.stderr.write(`${problem}\n`);
    world.stderr.write(
      `cannot start: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} in "${options.configAsWritten}"\n`,
    );
    return EXIT.invalidConfiguration;
  }
  const role: RoleWithoutPipes = {
    tag: "supervisor",
    ...base,
    configuration: makeMemoryFile("configuration", encodeConfiguration(reading)),
  };
  return options.foreground ? becomeSupervisor(role, world) : await launchDaemon(role, world);
}

type RoleWithoutPipes = Omit<SupervisorRole, "readyPipe" | "signalPipe">;

/** exec in place: returns only if that failed. */
function becomeSupervisor(role: RoleWithoutPipes, world: CliWorld): number {
  const opened = openLogPipe();
  if (opened.tag === "failed") return complain(`cannot start: pipe failed: ${opened.errno}`, world);
  const pipe = opened.ends;
  const block = new NativeBlock();
  const env = roleEnvironment({ ...role, readyPipe: null, signalPipe: pipe.read }, world.env);
  block.encodeRole({ path: OWN_PROGRAM, argv: roleArguments(role.options), env }, [pipe.read, role.configuration]);
  const errno = loadNative().replace(block.address, pipe.write);
  return complain(`cannot start: exec of ${OWN_PROGRAM} failed: ${errnoNameOf(errno)}`, world);
}

async function launchDaemon(role: RoleWithoutPipes, world: CliWorld): Promise<number> {
  const opened = openLogPipe();
  if (opened.tag === "failed") return complain(`cannot start: pipe failed: ${opened.errno}`, world);
  const pipe = opened.ends;
  const block = new NativeBlock();
  const env = roleEnvironment({ ...role, readyPipe: pipe.write, signalPipe: null }, world.env);
  block.encodeRole({ path: OWN_PROGRAM, argv: roleArguments(role.options), env }, [pipe.write, role.configuration]);
  const pid = loadNative().relaunch(block.address);
  closeFd(pipe.write);
  if (pid === 0) return complain(`cannot start: ${block.stage} failed: ${errnoNameOf(block.errno)}`, world);
  const frame = await awaitFrame(pipe.read, { limit: role.options.readyTimeout + GRACE_MS, world });
  return conclude(frame, pid, world);
}

async function awaitFrame(fd: number, wait: { limit: number; world: CliWorld }): Promise<Frame | null | "late"> {
  const timer = Promise.withResolvers<"late">();
  const handle = setTimeout(() => timer.resolve("late"), wait.limit);
  let text = "";
  const reading = async (): Promise<Frame | null> => {
    for await (const chunk of Bun.file(fd).stream()) {
      text += Buffer.from(chunk).toString();
      const { frames } = parseFrames(text);
      if (frames[0] !== undefined) return JSON.parse(frames[0]) as Frame;
    }
    return null;
  };
  const result = await Promise.race([reading(), timer.promise]);
  clearTimeout(handle);
  wait.world.stderr.write(parseFrames(text).other);
  return result;
}

function conclude(frame: Frame | null | "late", pid: number, world: CliWorld): number {
  if (frame === "late") {
    process.kill(pid, "SIGTERM");
    complain(`cannot start: pid ${pid} said nothing in time; it was told to end`, world);
    return EXIT.timedOut;
  }
  if (frame === null) return complain(`cannot start: the supervisor (pid ${pid}) ended before it was up`, world);
  if (frame.tag === "ready") {
    world.stdout.write(`${readyLines(frame).join("\n")}\n`);
    return EXIT.done;
  }
  for (const line of frame.lines) world.stderr.write(`${line}\n`);
  return frame.exit;
}

function complain(message: string, world: CliWorld): number {
  world.stderr.write(`${message}\n`);
  return EXIT.failed;
}
