import type { Definition } from "../core/definition.ts";
import type { SinkPolicy } from "../core/log-policy.ts";
import { isTable, type Path, type Table } from "./document.ts";
import { requirements, serviceName, serviceNames } from "./link-schema.ts";
import type { SoundDefinition } from "./sound-definition.ts";

/** What of a definition concerns other services. */
export interface LinkedService extends Pick<SoundDefinition, "problemAt"> {
  readonly name: string;
  readonly links: Pick<Definition, "requires" | "wants" | "after" | "before" | "conflicts">;
  /** The service that is started when this one fails. */
  readonly onFailure: string | null;
  /** The services that it logs to, which are among those that it comes after, and where they are named. */
  readonly loggers: readonly { readonly name: string; readonly path: Path }[];
  /** true: its schedule or a connection starts it. */
  readonly isCalled: boolean;
  /** true: it is started with the supervisor, without waiting for a schedule or a connection. */
  readonly startsAtOnce: boolean;
}

export function linkedOf({ definition, problemAt }: SoundDefinition): LinkedService {
  const { name, hooks, start, schedule, sockets, log } = definition;
  const isCalled = schedule !== null || sockets.some(({ onDemand }) => onDemand);
  return {
    name,
    links: definition,
    onFailure: hooks.onFailure?.tag === "start" ? hooks.onFailure.service : null,
    loggers: log.sinks.flatMap((sink) =>
      sink.type === "service" ? [{ name: sink.service, path: loggerKeyOf(sink) }] : [],
    ),
    isCalled,
    startsAtOnce: start === "auto" && !isCalled,
    problemAt,
  };
}

/** Where the service is named that a sink writes to. */
function loggerKeyOf({ name, streams }: SinkPolicy): Path {
  if (!name.startsWith("service:")) return ["log", "sinks", name, "service"];
  return streams.includes("stdout") ? ["log", "to"] : ["log", "stderr", "to"];
}

/** The same of a definition in which something is wrong, as far as it can be told. */
export function linkedIn(table: Table, name: string, problemAt: SoundDefinition["problemAt"]): LinkedService {
  const namesAt = (key: string): readonly string[] => serviceNames().safeParse(table[key]).data ?? [];
  const hooks = table["hooks"];
  const onFailure = isTable(hooks) ? hooks["on_failure"] : null;
  return {
    name,
    links: {
      requires: requirements().safeParse(table["requires"]).data ?? [],
      wants: namesAt("wants"),
      after: namesAt("after"),
      before: namesAt("before"),
      conflicts: namesAt("conflicts"),
    },
    onFailure: (isTable(onFailure) ? serviceName().safeParse(onFailure["start"]).data : null) ?? null,
    loggers: [],
    isCalled: table["schedule"] !== undefined || table["sockets"] !== undefined,
    // Whether it does may be just what is wrong.
    startsAtOnce: false,
    problemAt,
  };
}
