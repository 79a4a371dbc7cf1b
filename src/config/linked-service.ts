import type { Definition } from "../core/definition.ts";
import { isTable, type Table } from "./document.ts";
import { requirements, serviceName, serviceNames } from "./link-schema.ts";
import type { SoundDefinition } from "./sound-definition.ts";

/** What of a definition concerns other services. */
export interface LinkedService extends Pick<SoundDefinition, "problemAt"> {
  readonly name: string;
  readonly links: Pick<Definition, "requires" | "wants" | "after" | "before" | "conflicts">;
  /** The service that is started when this one fails. */
  readonly onFailure: string | null;
  /** true: it is started with the supervisor, without waiting for a schedule or a connection. */
  readonly startsAtOnce: boolean;
}

export function linkedOf({ definition, problemAt }: SoundDefinition): LinkedService {
  const { name, hooks, start, schedule, sockets } = definition;
  const isCalled = schedule !== null || sockets.some(({ onDemand }) => onDemand);
  return {
    name,
    links: definition,
    onFailure: hooks.onFailure?.tag === "start" ? hooks.onFailure.service : null,
    startsAtOnce: start === "auto" && !isCalled,
    problemAt,
  };
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
    // Whether it does may be just what is wrong.
    startsAtOnce: false,
    problemAt,
  };
}
