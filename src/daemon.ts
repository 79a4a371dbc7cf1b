/*
 * The supervisor as a process: becomes a daemon, takes the pid file and the socket, wires the rooms, starts the services,
 * says that it is ready, and ends in order. Read from top to bottom, it is the life of the daemon.
 */
import { encodeConfiguration } from "./config/configuration-text.ts";
import { EXIT } from "./core/exit-statuses.ts";
import { once } from "./core/once.ts";
import { Attempts } from "./daemon-attempts.ts";
import { tellBeginning } from "./daemon-beginning.ts";
import { Launcher, TOLD_TO_END, announceWhenReady } from "./daemon-announcement.ts";
import { DaemonChildren } from "./daemon-children.ts";
import {
  ConfigurationReader,
  inForceOf,
  isConfigurationSaved,
  saveConfiguration,
  takeFirstConfiguration,
} from "./daemon-configuration.ts";
import { Estate, takeManifest } from "./daemon-estate.ts";
import { Ending } from "./daemon-ending.ts";
import { CannotStart } from "./daemon-failure.ts";
import { firstPortOf } from "./daemon-first-answers.ts";
import { GuardianLink } from "./daemon-guardian.ts";
import { makeHelperPorts } from "./daemon-helper.ts";
import { becomeGuardian } from "./daemon-succession.ts";
import { startLogs, surviveExceptions } from "./daemon-logs.ts";
import { makeRunFiles } from "./daemon-looks.ts";
import { startHistory } from "./daemon-history.ts";
import { tidyAfterUpgrade } from "./daemon-kept-records.ts";
import { Manager } from "./daemon-manager.ts";
import { ServiceMemory } from "./daemon-memory.ts";
import { Housekeeping } from "./daemon-housekeeping.ts";
import {
  clock,
  makeOutputPort,
  makeProcessPort,
  makeSpawnPort,
  makeUserPort,
  network,
  timers,
} from "./daemon-ports.ts";
import { sayWhyNot } from "./daemon-last-words.ts";
import { makeFileChanges } from "./daemon-files.ts";
import { makeNotifyKernel } from "./daemon-notify.ts";
import {
  type ServingGroups,
  holdPidFile,
  holdStateDirectory,
  prepareDirectories,
  servingGroups,
  servingUser,
} from "./daemon-places.ts";
import { Serving, controlPortOf, loadDoor } from "./daemon-serving.ts";
import { makeScalingPorts } from "./daemon-scaling.ts";
import { makeSocketPort } from "./daemon-sockets.ts";
import { makeScheduleWorld, openFiles } from "./daemon-times.ts";
import { Signals } from "./daemon-signals.ts";
import { Upgrades } from "./daemon-upgrade.ts";
import {
  becomeSubreaper,
  clearUmask,
  dropPrivileges,
  enterRootDirectory,
  nameProcess,
  redirectStandardStreams,
} from "./os/become-daemon.ts";
import { changeOwnScore } from "./os/oom-score.ts";
import { loadNative } from "./os/native.ts";
import { randomHex } from "./os/random-hex.ts";
import { holdSpareDescriptors } from "./os/spare-descriptors.ts";
import { clearPidFile } from "./os/pid-file.ts";
import type { SupervisorRole } from "./role.ts";
import { DirectRotations } from "./supervisor/direct-rotations.ts";
import { Reloader } from "./supervisor/reloader.ts";
import { Scaling } from "./supervisor/scaling.ts";
import { Supervisor } from "./supervisor/supervisor.ts";

/** Runs the supervisor until it ends; the process exits in here. */
export async function runSupervisor(role: SupervisorRole): Promise<never> {
  const launcher = new Launcher(role);
  const guardian = role.guardian === null ? null : new GuardianLink(role.guardian);
  try {
    await live(role, { launcher, guardian });
  } catch (error) {
    const failure = CannotStart.because(error);
    launcher.tell({ tag: "failed", exit: failure.exit, lines: failure.lines });
    guardian?.failed(failure.lines);
    sayWhyNot(role, failure.lines);
    process.exit(failure.exit);
  }
  throw new Error("internal error: the supervisor returned");
}

/** Who waits for the supervisor, and who watches over it. */
interface Elders {
  readonly launcher: Launcher;
  readonly guardian: GuardianLink | null;
}

async function live(role: SupervisorRole, { launcher, guardian }: Elders): Promise<never> {
  if (role.handover !== null && role.handover.readyPipe !== null) detach(role.handover.readyPipe);
  clearUmask();
  if (role.oomScore !== null) changeOwnScore(role.oomScore);
  nameProcess("daemonsup");
  const signals = new Signals(role);
  const children = new DaemonChildren(guardian);
  const isSuccessor = role.handover === null;
  // What needs no configuration is done while the launcher still reads it. Others wait for an answer first.
  if (!isSuccessor) {
    loadNative();
    children.prepare();
  }
  const processes = makeProcessPort(children);
  const first = await takeFirstConfiguration(role);
  // The launcher has said why; nothing has been touched yet.
  if (first === null) process.exit(EXIT.invalidConfiguration);
  const loaded = first.reading;
  const user = servingUser(loaded.settings);
  const prepare = (): ServingGroups => prepareDirectories(role, user, servingGroups(loaded.settings));
  const attempts = new Attempts({ isSuccessor });
  const door = isSuccessor ? null : loadDoor(loaded.settings);
  const groups = isSuccessor ? null : prepare();
  const estate = new Estate(takeManifest(role.estate), guardian);
  const pidFile = holdPidFile(role, estate, { user, groups });
  holdStateDirectory(role, estate);
  // Before root is given up: after that, the kernel gives root what a process may open of itself in /proc.
  const spawning = makeSpawnPort(
    { addressOf: (service) => memory.addressOf(service) },
    {
      standardInputOf: (service) => logs.loggers.standardInputOf(service),
      beforeSpawn: () => estate.flush(),
      mayShield: user === null,
    },
  );
  const sockets = makeSocketPort(loaded.definitions, estate, {
    mainOf: (service) => memory.mainOf(service),
    fetched: (service, message) => logs.report("notice", `${service}: ${message}`),
  });
  // A successor of one that took the place of its guardian is this user already.
  if (user !== null && process.geteuid?.() !== user.uid) {
    guardian?.become(user);
    const failure = dropPrivileges(user);
    if (failure !== null) throw new CannotStart([`cannot become user "${user.name}": ${failure}`]);
  }
  // Its files belong to who a successor is.
  tidyAfterUpgrade(role.directories.runtime, role.upgrade ?? null, estate);
  const { directories, options } = role;
  const files = makeFileChanges(options.config, loaded.marks);
  const records = ServiceMemory.openRecords({ directories, estate });
  const tell = once(() => records.begin(loaded.definitions));
  // What the one before, and the one before that, died of may be in the records.
  const tellsFirst = isSuccessor && role.record === "use";
  // Before clients take the low numbers that are left.
  holdSpareDescriptors();
  const serving = new Serving({
    runtime: directories.runtime,
    estate,
    first: tellsFirst ? firstPortOf({ configuration: loaded, saved: () => tell().saved, files }) : null,
    report: (severity, message) => logs.report(severity, message),
  });
  await attempts.make(() => serving.open(groups ?? prepare()));
  // The files of what is asked for are looked at while it is made out what the records say.
  if (tellsFirst) await serving.hear();
  const told = tellsFirst ? tell() : null;
  if (told !== null) await serving.answerFirst();
  children.prepare();
  spawning.prepare();
  if (told !== null) await serving.answerFirst();
  const memory = ServiceMemory.open({ directories, timers, estate, records });
  const inForce = inForceOf(role, first, memory);
  const unsaved = inForce.isSaved ? null : saveConfiguration(directories.runtime, inForce.text);
  if (role.record === "ignore") records.discard();
  const left = told !== null && memory.hasPredecessor ? told : records.begin(inForce.reading.definitions);
  const ending = new Ending(role, records, left.ending);
  becomeSubreaper();
  guardian?.attach();

  const logs = startLogs({ settings: loaded.settings, directories, estate, isForeground: options.foreground });
  const over = Promise.withResolvers<number>();
  const manager = new Manager(options.foreground ? process.env : {}, guardian);
  const housekeeping = new Housekeeping();
  const output = makeOutputPort(logs, directories.log);
  const history = startHistory({
    policy: loaded.settings.history,
    stateDirectory: directories.state,
    report: logs.report,
    rested: () => housekeeping.rested(),
  });
  const supervisor = new Supervisor({
    clock,
    report: history.report,
    history: history.port,
    processes,
    reaping: children,
    spawning,
    memory,
    output,
    users: makeUserPort(process.env),
    timers,
    kernel: {
      estate,
      notify: makeNotifyKernel(directories.runtime),
      sockets,
      network,
      schedules: makeScheduleWorld(directories.state, output, logs.report),
      openFiles,
    },
    files: makeRunFiles(directories.log),
    stopTimeout: options.stopTimeout,
    newInvocation: () => randomHex(16),
    jitter: () => Math.random(),
    active: () => housekeeping.touched(),
    noteEnd: (code, reason) => ending.note(code, reason),
    ending() {
      guardian?.ending();
      manager.stopping();
    },
    ended: over.resolve,
  });
  const { fleet, belongings } = supervisor;
  logs.plane.rotations = new DirectRotations({ fleet, belongings, clock, report: history.report });
  supervisor.events.beginApart(memory.generation);
  const helpers = makeHelperPorts(supervisor, { spawning, processes, output, timers });
  const reader = new ConfigurationReader(role, loaded, helpers);
  /** What is written down; null: not what was read last. */
  let saved = unsaved === null && inForce === first ? loaded : null;
  const reloader = new Reloader(supervisor, {
    load: () => reader.read(),
    accepted(difference) {
      records.leave([...difference.changed, ...difference.adjusted, ...difference.removed]);
      if (reader.latest !== saved || !isConfigurationSaved(directories.runtime)) {
        const problem = saveConfiguration(directories.runtime, encodeConfiguration(reader.latest));
        saved = problem === null ? reader.latest : null;
        if (problem !== null) logs.report("warning", problem);
        else records.stand(reader.latest.definitions);
      }
      logs.configure(reader.latest.settings);
      history.writer.configure(reader.latest.settings.history);
      files.accept(reader.latest.marks);
    },
    began: () => manager.reloading(),
    over: () => manager.ready(supervisor.fleet.size),
  });
  const scaling = new Scaling(supervisor, reloader, makeScalingPorts(directories.state, reader));
  const written = (): Promise<unknown> => Promise.all([memory.settled(), supervisor.companions.history.settled()]);
  const rest = async (): Promise<void> => {
    await serving.rest();
    await written();
    await Promise.all([history.close(), logs.plane.reached()]);
  };
  const upgrades = new Upgrades(role, { supervisor, reloader, launcher, guardian, manager, estate, helpers, rest });
  const parts = { supervisor, reloader, scaling, files, logs, history: history.writer, guardian, upgrades, memory };
  const control = controlPortOf(role, parts);
  if (told !== null) await serving.answerFirst();
  await attempts.make(() => serving.openDoor(door ?? loadDoor(loaded.settings), control));
  surviveExceptions(logs);

  tellBeginning(role, { supervisor, report: logs.report, services: loaded.definitions.length, memory });
  attempts.begin(logs.report);
  memory.reportTo(logs.report);
  const ofConfiguration = [inForce.note, unsaved].filter((problem) => problem !== null);
  const problems = [...ofConfiguration, ...memory.problems, ...left.problems];
  for (const warning of [...problems, ...loaded.warnings]) logs.report("warning", warning);
  const { definitions, unfit } = inForce.reading;
  const { isCutOff } = ending;
  supervisor.boot({ definitions, unfit, remembered: memory.remembered, saved: left.saved, isCutOff });
  if (inForce !== first) reloader.catchUp(loaded);
  estate.forsake();
  upgrades.conclude();
  announceWhenReady(role, { supervisor, launcher, logs, manager, guardian });
  // Before signals: what its guardian repeats of the signal that began it says less than what was noted.
  ending.goOn(supervisor);
  const orphaned = (): void =>
    launcher.whenTold(() => becomeGuardian(role, { estate, report: logs.report, isEnding: supervisor.isEnding }));
  signals.deliverTo({ supervisor, reloader, logs, upgrades, guardian, orphaned });
  serving.complete(control);

  const code = await over.promise;
  supervisor.companions.close();
  // Whoever still waits for the start hears that there will be none.
  launcher.tell({ tag: "failed", exit: EXIT.failed, lines: [TOLD_TO_END] });
  logs.report("notice", `daemonsup ends with status ${code}, pid ${process.pid}`);
  supervisor.companions.history.note("over", null, `ended with status ${code}`);
  await serving.close();
  await written();
  await history.close();
  await logs.close();
  memory.closeCleanly();
  clearPidFile(pidFile);
  guardian?.over(code);
  process.exit(code);
}

/** What is left of the classic steps after the forks and the exec. */
function detach(readyPipe: number): void {
  enterRootDirectory();
  redirectStandardStreams(readyPipe);
}
