/*
 * The launcher: turns the command that the user typed into a supervisor. As a daemon, it waits until that is up and only
 * then exits 0; in the foreground it becomes the supervisor itself, with the same pid.
 */
import { readFileSync, writeSync } from "node:fs";
import { placesOf } from "./cli/find-supervisor.ts";
import type { StartOptions } from "./cli/parse-start-options.ts";
import type { CliWorld } from "./cli/world.ts";
import { type ReadConfiguration, encodeConfiguration } from "./config/configuration-text.ts";
import { EXIT } from "./core/exit-statuses.ts";
import { MOST_BEGINNINGS } from "./core/guardianship.ts";
import { isKernelBefore, OLDEST_KERNEL, parseKernelRelease } from "./core/kernel-release.ts";
import { stateFileOf } from "./core/paths.ts";
import { hasControllingTerminal } from "./os/become-daemon.ts";
import { errnoNameOf } from "./os/errno-names.ts";
import { NativeBlock } from "./os/native-block.ts";
import { fillMemoryFile, makeMemoryFile } from "./os/memory-file.ts";
import { loadNative } from "./os/native.ts";
import { openBlockingPipe, openLogPipe } from "./os/pipe-io.ts";
import { ownProgramPath } from "./os/program-file.ts";
import { closeFd } from "./os/signalling.ts";
import { countLeftServices } from "./os/state-left.ts";
import {
  type Frame,
  type GuardianRole,
  type Handover,
  OWN_PROGRAM,
  type SupervisorRole,
  parseFrames,
  readyLines,
  roleArguments,
  roleEnvironment,
} from "./role.ts";

/** How much longer than its ready timeout the supervisor may take to say that it is not ready, and then to end. */
const GRACE_MS = 15_000;
/** What tells the daemon that its configuration is complete: a byte, whichever, for each supervisor that may begin. */
const GO = "!".repeat(MOST_BEGINNINGS);

export async function start(options: StartOptions, world: CliWorld): Promise<number> {
  const tooOld = tooOldKernel();
  if (tooOld !== null) {
    world.stderr.write(
      `cannot start: Linux ${tooOld} lacks system calls that are needed, want ${OLDEST_KERNEL.join(".")} or later\n`,
    );
    return EXIT.failed;
  }
  const endsOnHangup = options.foreground && hasControllingTerminal();
  const { invokingUid } = world;
  const base = { options, directories: placesOf(options, world), invokingUid, endsOnHangup, program: ownProgramPath() };
  return options.foreground ? await becomeDaemon(base, world) : await launchDaemon(base, world);
}

/** The release of a kernel that will not do; null for any other, also if it does not tell. */
function tooOldKernel(): string | null {
  try {
    const release = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
    const numbers = parseKernelRelease(release);
    return numbers !== null && isKernelBefore(numbers, OLDEST_KERNEL) ? release : null;
  } catch {
    return null;
  }
}

type Base = Pick<SupervisorRole, "options" | "directories" | "invokingUid" | "endsOnHangup" | "program">;

/** What is executed first: the guardian, which starts the supervisor; or that itself, if there is to be none. */
function firstRole(
  base: Base,
  given: { handover: Handover; signalPipe: number | null },
): GuardianRole | SupervisorRole {
  const role = { ...base, ...given, estate: null };
  if (base.options.guardian) return { tag: "guardian", ...role, ward: null, before: null };
  return { tag: "supervisor", ...role, guardian: null, record: "use", oomScore: null, before: null, upgrade: null };
}

/** The configuration as text, or null once it is said what is wrong with it. */
async function readOrComplain(base: Base, world: CliWorld): Promise<string | null> {
  // Loaded only now: the schema and the parsers are dear, and the daemon begins without them.
  const { readConfiguration } = await import("./load-configuration.ts");
  const reading = readConfiguration(base);
  const { strict, configAsWritten } = base.options;
  const problems = reading.tag === "rejected" ? reading.problems : strict ? reading.warnings : [];
  if (problems.length === 0) {
    // In the foreground the supervisor says it there itself.
    if (reading.tag === "loaded" && !base.options.foreground) warn(reading, world);
    return encodeConfiguration(reading);
  }
  for (const problem of problems) world.stderr.write(`${problem}\n`);
  const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
  world.stderr.write(`cannot start: ${count} in "${configAsWritten}"\n`);
  return null;
}

/** Of a service that cannot be started the supervisor's answer tells. */
function warn({ warnings, unfit }: ReadConfiguration, world: CliWorld): void {
  const told = Object.values(unfit);
  for (const warning of warnings) {
    if (!told.some((message) => warning.includes(message))) world.stderr.write(`warning: ${warning}\n`);
  }
}

/** exec in place: returns only if that failed. */
async function becomeDaemon(base: Base, world: CliWorld): Promise<number> {
  const text = await readOrComplain(base, world);
  if (text === null) return EXIT.invalidConfiguration;
  const opened = openLogPipe();
  if (opened.tag === "failed") return complain(`cannot start: pipe failed: ${opened.errno}`, world);
  const pipe = opened.ends;
  const configuration = makeMemoryFile("configuration");
  fillMemoryFile(configuration, text);
  const handover = { configuration, complete: null, readyPipe: null };
  const role = firstRole(base, { handover, signalPipe: pipe.read });
  const block = blockFor(role, world, [pipe.read, configuration]);
  const errno = loadNative().replace(block.address, pipe.write);
  return complain(`cannot start: exec of ${OWN_PROGRAM} failed: ${errnoNameOf(errno)}`, world);
}

function blockFor(role: GuardianRole | SupervisorRole, world: CliWorld, kept: readonly number[]): NativeBlock {
  const block = new NativeBlock();
  const env = roleEnvironment(role, world.env);
  block.encodeRole({ path: OWN_PROGRAM, argv: roleArguments(role), env }, kept);
  return block;
}

/** The daemon becomes one while its definitions are still being read here, and touches nothing before it has them. */
async function launchDaemon(base: Base, world: CliWorld): Promise<number> {
  const [ready, handover] = [openLogPipe(), openBlockingPipe()];
  if (ready.tag === "failed") return complain(`cannot start: pipe failed: ${ready.errno}`, world);
  if (handover.tag === "failed") return complain(`cannot start: pipe failed: ${handover.errno}`, world);
  const configuration = makeMemoryFile("configuration");
  const kept = [ready.ends.write, handover.ends.read, configuration] as const;
  const given = { configuration, complete: handover.ends.read, readyPipe: ready.ends.write };
  const role = firstRole(base, { handover: given, signalPipe: null });
  const block = blockFor(role, world, kept);
  const pid = loadNative().relaunch(block.address);
  closeFd(ready.ends.write);
  closeFd(handover.ends.read);
  if (pid === 0) return complain(`cannot start: ${block.stage} failed: ${errnoNameOf(block.errno)}`, world);
  const answer = listen(ready.ends.read);
  const text = await readOrComplain(base, world);
  handOver(text, { configuration, pipe: handover.ends.write });
  const exit =
    text === null ? await concludeRefused(pid, { answer, world }) : await concludeStart(pid, { role, answer, world });
  answer.close();
  return exit;
}

/** Lets the waiting daemon go on, or end if there is no configuration. */
function handOver(text: string | null, to: { readonly configuration: number; readonly pipe: number }): void {
  if (text !== null) {
    fillMemoryFile(to.configuration, text);
    try {
      writeSync(to.pipe, GO);
    } catch {
      // It has ended already; what it said before is shown with its end.
    }
  }
  closeFd(to.pipe);
  closeFd(to.configuration);
}

/** Nothing may be left of the daemon when this command has ended. */
async function concludeRefused(pid: number, from: { answer: Answer; world: CliWorld }): Promise<number> {
  if ((await within(GRACE_MS, from.answer.over)) === LATE)
    from.world.stderr.write(`pid ${pid}, which was to be the supervisor, has not ended yet\n`);
  return EXIT.invalidConfiguration;
}

async function concludeStart(
  pid: number,
  from: { role: GuardianRole | SupervisorRole; answer: Answer; world: CliWorld },
): Promise<number> {
  const { role, answer, world } = from;
  const frame = await within(role.options.readyTimeout + GRACE_MS, answer.frame);
  world.stderr.write(answer.text());
  return await conclude(frame, { pid, runtime: role.directories.runtime, answer, world });
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
  from: { pid: number; runtime: string; answer: Answer; world: CliWorld },
): Promise<number> {
  const { pid, runtime, answer, world } = from;
  if (frame === LATE) {
    process.kill(pid, "SIGTERM");
    complain(`cannot start: pid ${pid} said nothing in time; it was told to end`, world);
    return EXIT.timedOut;
  }
  if (frame === null) {
    const left = await leftText(pid, runtime);
    return complain(`cannot start: the supervisor (pid ${pid}) ended before it was up${left}`, world);
  }
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

/** What it had started already is nobody's now, until somebody starts the supervisor again. */
async function leftText(pid: number, runtime: string): Promise<string> {
  const { bootAndNamespace } = await import("./daemon-memory.ts");
  const count = countLeftServices(stateFileOf(runtime), { bootId: bootAndNamespace(), ended: pid });
  if (count === 0) return "";
  return count === 1
    ? "; 1 service runs on, and the next start goes on with it"
    : `; ${count} services run on, and the next start goes on with them`;
}

function complain(message: string, world: CliWorld): number {
  world.stderr.write(`${message}\n`);
  return EXIT.failed;
}
