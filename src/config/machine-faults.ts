import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { Definition } from "../core/definition.ts";
import { NO_HOOKS } from "../core/life-policies.ts";
import type { LogPolicy } from "../core/log-policy.ts";
import type { Path } from "./document.ts";
import type { EnvironmentFiles } from "./environment-files.ts";
import { faultAt, type Fault } from "./fault.ts";
import type { Machine } from "./machine.ts";
import { quote, type Problem } from "./problem.ts";
import { errnoOf, reasonOf } from "./read-file.ts";
import { remembered } from "./remembered.ts";
import { DEFAULT_PATH, resolveProgram, scriptFaultOf } from "./resolve-program.ts";
import { loadSecretFile } from "./secret-file.ts";
import type { Reader } from "./trust.ts";
import { logFileKeyOf } from "./written-files.ts";

/** Something that the machine lacks at the moment; it costs only this one service. */
export interface MachineFault {
  readonly service: string;
  readonly problem: Problem;
}

/** Finds what the machine lacks. One instance serves one load: it remembers what it has looked up. */
export class MachineCheck {
  readonly #machine: Machine;
  readonly #reader: Reader;
  readonly #files: EnvironmentFiles;
  readonly #answers = new Map<string, string | null>();
  readonly #logFaultsOf = remembered((log: LogPolicy) => this.#faultsOfLog(log));

  constructor(machine: Machine, { reader, files }: { readonly reader: Reader; readonly files: EnvironmentFiles }) {
    this.#machine = machine;
    this.#reader = reader;
    this.#files = files;
  }

  /** What `definition` needs and the machine lacks, each at its place in the key's text. */
  faultsOf(definition: Definition): Fault[] {
    const search = this.#searchOf(definition);
    return [
      ...this.#accountFaultsOf(definition),
      ...this.#fault(["directory"], this.#directoryFaultOf(definition.directory)),
      ...search.faults,
      ...this.#programFaultsOf(definition, search.path),
      ...this.#logFaultsOf(definition.log),
      ...this.#socketFaultsOf(definition),
      ...this.#secretFaultsOf(definition),
    ];
  }

  /** What the machine lacks that may be there when it is needed: it is worth a word, and keeps nothing from being tried. */
  warningsOf({ sockets }: Definition): Fault[] {
    return sockets.flatMap(({ name, listen }) => {
      if (!("path" in listen) || !listen.path.startsWith("/")) return [];
      const reason = this.#directoryFaultOf(dirname(listen.path));
      return this.#fault(["sockets", name, "listen"], reason === null ? null : `${reason}, so its file cannot be made`);
    });
  }

  #accountFaultsOf({ user, group, groups }: Definition): Fault[] {
    const faults = this.#fault(
      ["user"],
      user === null ? null : (this.userFaultOf(user) ?? this.#identityFaultOf(user)),
    );
    if (groups !== null && !this.#reader.isRoot)
      faults.push(faultAt(["groups"], "only root can give a service other groups"));
    faults.push(...this.#fault(["group"], group === null ? null : this.groupFaultOf(group)));
    (groups ?? []).forEach((name, index) => faults.push(...this.#fault(["groups", index], this.groupFaultOf(name))));
    return faults;
  }

  userFaultOf(name: string): string | null {
    return this.#once(`user ${name}`, () =>
      this.#machine.userExists(name) ? null : `there is no user ${quote(name)}`,
    );
  }

  groupFaultOf(name: string): string | null {
    return this.#once(`group ${name}`, () =>
      this.#machine.groupExists(name) ? null : `there is no group ${quote(name)}`,
    );
  }

  #identityFaultOf(user: string): string | null {
    const uid = this.#reader.isRoot ? undefined : this.#machine.uidOf?.(user);
    return uid === undefined || uid === this.#reader.invokingUid ? null : "only root can run a service as another user";
  }

  /** The service's PATH, for which its environment files have to be read. */
  #searchOf(definition: Definition): { readonly path: string; readonly faults: readonly Fault[] } {
    const faults: Fault[] = [];
    let fromFiles: string | undefined;
    definition.environmentFiles.forEach((file, index) => {
      const loaded = this.#files.load(file);
      if (loaded.tag === "loaded") fromFiles = loaded.variables["PATH"] ?? fromFiles;
      else faults.push(faultAt(["environment_file", index], loaded.reason));
    });
    return { path: definition.environment["PATH"] ?? fromFiles ?? DEFAULT_PATH, faults };
  }

  #programFaultsOf(definition: Definition, searchPath: string): Fault[] {
    const [program = ""] = definition.command;
    const executor = definition.user === null ? "self" : "other";
    const lookUp = (name: string): string | null =>
      this.#once(`program ${executor} ${name} ${searchPath}`, () => {
        const found = resolveProgram(name, searchPath, executor);
        return found.tag === "missing" ? found.reason : null;
      });
    const script = (): string | null => this.#once(`script ${program}`, () => scriptFaultOf(program));
    const faults = this.#fault(["command", 0], definition.runtime === "bun" ? script() : lookUp(program));
    for (const { path, command } of commandsOf(definition))
      faults.push(...this.#fault([...path, 0], lookUp(command[0] ?? "")));
    return faults;
  }

  #faultsOfLog(log: LogPolicy): readonly Fault[] {
    return log.sinks.flatMap((sink) => {
      if (sink.type === "remote" && sink.server.ca !== null)
        return this.#fault(["log", "sinks", sink.name, "ca"], this.#fileFaultOf(sink.server.ca));
      if (sink.type !== "file" || sink.path === null) return [];
      return this.#fault(logFileKeyOf(sink), this.#directoryFaultOf(dirname(sink.path)));
    });
  }

  #socketFaultsOf({ sockets }: Definition): Fault[] {
    return sockets.flatMap(({ name, owner, group }) => [
      ...this.#fault(["sockets", name, "owner"], owner === null ? null : this.userFaultOf(owner)),
      ...this.#fault(["sockets", name, "group"], group === null ? null : this.groupFaultOf(group)),
    ]);
  }

  #secretFaultsOf({ secrets }: Definition): Fault[] {
    return Object.entries(secrets).flatMap(([name, path]) => {
      const loaded = loadSecretFile(path);
      return loaded.tag === "loaded" ? [] : [faultAt(["environment", name, "file"], loaded.reason)];
    });
  }

  #fileFaultOf(path: string): string | null {
    return this.#once(`file ${path}`, () => {
      try {
        return statSync(path).isFile() ? null : `${quote(path)}: it is no file`;
      } catch (error) {
        return `${quote(path)}: ${reasonOf(errnoOf(error))}`;
      }
    });
  }

  #directoryFaultOf(path: string): string | null {
    return this.#once(`directory ${path}`, () => {
      try {
        return statSync(path).isDirectory() ? null : `${quote(path)}: it is no directory`;
      } catch (error) {
        return `${quote(path)}: ${reasonOf(errnoOf(error))}`;
      }
    });
  }

  #once(question: string, answer: () => string | null): string | null {
    const known = this.#answers.get(question);
    if (known !== undefined) return known;
    const fresh = answer();
    this.#answers.set(question, fresh);
    return fresh;
  }

  #fault(path: Path, reason: string | null): Fault[] {
    return reason === null ? [] : [faultAt(path, reason)];
  }
}

/** Every command of a definition but its own. A hook may be a table with the command in it; its place is found all the same. */
function commandsOf({ stop, reload, ready, health, hooks }: Definition): { path: Path; command: readonly string[] }[] {
  const method = ready?.method;
  const { onFailure } = hooks;
  if (stop.command === null && reload.command === null && ready === null && health === null && hooks === NO_HOOKS)
    return [];
  const all: (readonly [Path, readonly string[] | null])[] = [
    [["stop", "command"], stop.command],
    [["reload", "command"], reload.command],
    [["ready", "command"], method?.tag === "command" ? method.command : null],
    [["health", "command"], health?.check.tag === "command" ? health.check.command : null],
    [["hooks", "before_start"], hooks.beforeStart?.command ?? null],
    [["hooks", "after_start"], hooks.afterStart?.command ?? null],
    [["hooks", "before_stop"], hooks.beforeStop?.command ?? null],
    [["hooks", "after_stop"], hooks.afterStop?.command ?? null],
    [["hooks", "on_failure"], onFailure?.tag === "command" ? onFailure.hook.command : null],
  ];
  return all.flatMap(([path, command]) => (command === null ? [] : [{ path, command }]));
}
