import { type Family, lookAtFamily } from "./family.ts";
import type { ProcessPort, ProcessRow, TimerPort } from "./ports.ts";
import { ProcessSnapshot } from "./process-snapshot.ts";

/** What there is of processes in one turn of the loop. */
export interface Look {
  readonly snapshot: ProcessSnapshot;
  /** Our children by the service that they belong to. */
  readonly roots: ReadonlyMap<string, readonly ProcessRow[]>;
}

export interface LookPorts {
  readonly processes: Pick<ProcessPort, "ownPid" | "parents" | "table">;
  readonly soon: TimerPort["soon"];
  /** The service that a child of ours belongs to. */
  serviceOf(child: ProcessRow): string | null;
}

/** For more services than that in one turn, the table of all processes is read once. */
const MOST_FAMILIES = 8;

/**
 * Looks at the machine, at a single service where that is all that is asked for. A look is good for one turn of the loop, or
 * until it is forgotten, so that stopping a thousand services looks at the machine once.
 */
export class Looks {
  readonly #ports: LookPorts;
  #whole: Look | null = null;
  readonly #families = new Map<string, Look>();
  #isForgottenSoon = false;

  constructor(ports: LookPorts) {
    this.#ports = ports;
  }

  /** Something has ended or begun since: what was seen may not be so any more. */
  forget(): void {
    this.#whole = null;
    this.#families.clear();
  }

  /** At all processes. */
  whole(): Look {
    this.#forgetSoon();
    this.#whole ??= takeLook(this.#ports);
    return this.#whole;
  }

  /** At one service, or at more. */
  at(service: string, family: Family): Look {
    if (this.#whole !== null) return this.#whole;
    const found = this.#families.get(service);
    if (found !== undefined) return found;
    const look = this.#families.size < MOST_FAMILIES ? lookAtFamily(service, family) : null;
    if (look === null) return this.whole();
    this.#forgetSoon();
    this.#families.set(service, look);
    return look;
  }

  #forgetSoon(): void {
    if (this.#isForgottenSoon) return;
    this.#isForgottenSoon = true;
    this.#ports.soon(() => {
      this.#isForgottenSoon = false;
      this.forget();
    });
  }
}

function takeLook({ processes, serviceOf }: LookPorts): Look {
  const snapshot = new ProcessSnapshot(processes.table());
  const roots = new Map<string, ProcessRow[]>();
  for (const child of processes.parents.flatMap((parent) => snapshot.childrenOf(parent))) {
    const service = child.pid === processes.ownPid ? null : serviceOf(child);
    if (service === null) continue;
    const ofService = roots.get(service);
    if (ofService === undefined) roots.set(service, [child]);
    else ofService.push(child);
  }
  return { snapshot, roots };
}
