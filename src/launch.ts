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

/** How much longer than its ready timeout the supervisor may take to say that it is not ready, and then to end. */
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
  const answer = listen(pipe.read);
  const frame = await within(role.options.readyTimeout + GRACE_MS, answer.frame);
  world.stderr.write(answer.text());
  const exit = await conclude(frame, { pid, answer, world });
  answer.close();
  return exit;
}

/** What the supervisor says over the pipe: a frame, or null if it ended without one, and text for a person. */
interface Answer {
  readonly frame: Promise<Frame | null>;
  /** The supervisor has ended, and everything that it had started. */
  readonly over: Promise<void>;
  text(): string;
  /** Listens no longer, so that this process can end. */
  close(): void;
}

function listen(fd: number): Answer {
  let text = "";
  const first = Promise.withResolvers<Frame | null>();
  const reader = Bun.file(fd).stream().getReader();
  const reading = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return first.resolve(null);
      text += Buffer.from(value).toString();
      const [frame] = parseFrames(text).frames;
      if (frame !== undefined) first.resolve(JSON.parse(frame) as Frame);
    }
  };
  return {
    frame: first.promise,
    over: reading(),
    text: () => parseFrames(text).other,
    close: () => void reader.cancel(),
  };
}

const LATE = Symbol("late");

async function within<Value>(limit: number, promise: Promise<Value>): Promise<Value | typeof LATE> {
  const timer = Promise.withResolvers<typeof LATE>();
  const handle = setTimeout(() => timer.resolve(LATE), limit);
  const result = await Promise.race([promise, timer.promise]);
  clearTimeout(handle);
  return result;
}

async function conclude(
  frame: Frame | null | typeof LATE,
  from: { pid: number; answer: Answer; world: CliWorld },
): Promise<number> {
  const { pid, answer, world } = from;
  if (frame === LATE) {
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
  // A start that failed is over once nothing of it is left: what was started already is stopped in its own time.
  if ((await within(GRACE_MS, answer.over)) === LATE)
    world.stderr.write(`pid ${pid} is still stopping what it had started, and ends after that\n`);
  return frame.exit;
}

function complain(message: string, world: CliWorld): number {
  world.stderr.write(`${message}\n`);
  return EXIT.failed;
}
