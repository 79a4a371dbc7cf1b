/*
 * Readiness as seen from outside: by checks that are made again and again until one succeeds, or by a line of the output.
 * (What a service says itself, over a socket or a descriptor, is heard elsewhere.) The line is looked for where the output
 * is read, from the first byte of the run on; it may come while the fleet has not heard yet that the process runs.
 */
import type { Definition } from "../core/definition.ts";
import type { Check, ReadyPolicy } from "../core/life-policies.ts";
import { checkWordsOf } from "../core/check-words.ts";
import { isTrueIn } from "../core/plain-data.ts";
import { NOT_READY, type ServiceRecord } from "../core/service-record.ts";
import { type ServiceState, mainPidOf } from "../core/service-state.ts";
import { millis } from "../core/units.ts";
import type { CheckResult } from "./check-result.ts";
import type { Checks } from "./checks.ts";
import type { Annotate, Companion, Equipment, Tell } from "./companion.ts";
import type { OutputPort, TimerPort } from "./ports.ts";

export interface ReadinessPorts {
  readonly timers: TimerPort;
  readonly checks: Pick<Checks, "attempt">;
  readonly output: Pick<OutputPort, "expect">;
  readonly tell: Tell;
  readonly annotate: Annotate;
  amend(service: string, change: { readonly note: string | null }): void;
}

/** A service that runs and is waited for. */
interface Waiting {
  record: ServiceRecord;
  detail: string;
  /** Ends the attempt that is going on, or the pause before the next. */
  cancel: () => void;
}

/** A line that is looked for in the output of a run. */
interface ExpectedLine {
  isFound: boolean;
  readonly cancel: () => void;
}

/** An attempt that takes longer has failed: what does not answer now may have begun to answer meanwhile. */
const ATTEMPT_TIMEOUT = millis(10_000);

/** The word under which it is written down that the line has come. */
const LINE = "ready-line";

const NOTHING: Equipment = { env: {}, descriptors: [] };

export class Readiness implements Companion {
  readonly #ports: ReadinessPorts;
  readonly #waiting = new Map<string, Waiting>();
  readonly #lines = new Map<string, ExpectedLine>();

  constructor(ports: ReadinessPorts) {
    this.#ports = ports;
  }

  concerns({ ready }: Definition): boolean {
    return ready !== null;
  }

  changed(record: ServiceRecord): void {
    const service = record.definition.name;
    if (isOver(record.state)) this.#unexpect(service);
    const waiting = this.#waiting.get(service);
    if (record.state.tag !== "starting" || record.state.phase !== "ready") this.#end(service);
    else if (waiting !== undefined) waiting.record = record;
    else if (record.definition.ready !== null) this.#begin(record, record.definition.ready);
  }

  /** A check that was going on is begun anew; a line is looked for in what of the output nobody has read yet. */
  adopted(record: ServiceRecord): void {
    const { state, definition, beside } = record;
    if (isOver(state)) return;
    this.#expect(definition, isTrueIn(beside[LINE], "found"));
    const isAwaited = state.tag === "starting" && state.phase === "ready";
    if (isAwaited && definition.ready !== null) this.#begin(record, definition.ready);
  }

  equip(definition: Definition): Equipment {
    this.#unexpect(definition.name);
    this.#expect(definition, false);
    return NOTHING;
  }

  began({ name }: Definition, pid: number | null): void {
    if (pid === null) this.#unexpect(name);
  }

  forgotten(service: string): void {
    this.#end(service);
    this.#unexpect(service);
  }

  close(): void {
    for (const service of [...this.#waiting.keys(), ...this.#lines.keys()]) this.forgotten(service);
  }

  #expect({ name, ready }: Definition, isFound: boolean): void {
    if (ready?.method.tag !== "log") return;
    const found = (): void => {
      line.isFound = true;
      this.#ports.annotate(name, LINE, { found: true });
      const waiting = this.#waiting.get(name);
      if (waiting !== undefined) this.#ready(waiting);
    };
    const cancel = isFound ? () => {} : this.#ports.output.expect(name, ready.method.pattern, found);
    const line: ExpectedLine = { isFound, cancel };
    this.#lines.set(name, line);
  }

  #begin(record: ServiceRecord, policy: ReadyPolicy): void {
    const service = record.definition.name;
    const { method } = policy;
    if (method.tag === "notify" || method.tag === "fd") return;
    const waiting: Waiting = { record, detail: "", cancel: () => {} };
    this.#waiting.set(service, waiting);
    this.#later(waiting, () => {
      if (method.tag !== "log") return this.#attempt(waiting, method, policy);
      if (this.#lines.get(service)?.isFound === true) this.#ready(waiting);
      else this.#note(waiting, `no line of its output has matched "${method.pattern}"`);
    });
  }

  /** In a later turn, as what happens within a step of the fleet must not begin another. */
  #later(waiting: Waiting, run: () => void): void {
    let isOff = false;
    waiting.cancel = () => (isOff = true);
    this.#ports.timers.soon(() => {
      if (!isOff) run();
    });
  }

  #attempt(waiting: Waiting, check: Check, policy: ReadyPolicy): void {
    const { definition, state } = waiting.record;
    const request = { definition, check, mainPid: mainPidOf(state) ?? 0, timeout: ATTEMPT_TIMEOUT };
    waiting.cancel = this.#ports.checks.attempt(request, (result: CheckResult) => {
      if (result.ok) return this.#ready(waiting);
      waiting.cancel = this.#ports.timers.after(policy.interval, () => this.#attempt(waiting, check, policy));
      this.#note(waiting, `${checkWordsOf(check)}: ${result.detail}`);
    });
  }

  #note(waiting: Waiting, detail: string): void {
    if (waiting.detail === detail) return;
    waiting.detail = detail;
    this.#ports.amend(waiting.record.definition.name, { note: noteOf(detail) });
  }

  /** It stays among those that wait until its state says otherwise, so that nothing begins anew for it. */
  #ready(waiting: Waiting): void {
    const service = waiting.record.definition.name;
    waiting.cancel();
    waiting.cancel = () => {};
    this.#unexpect(service);
    // Somebody else may have noted something meanwhile.
    if (waiting.record.note === noteOf(waiting.detail)) this.#ports.amend(service, { note: null });
    this.#ports.tell(service, { tag: "ready" });
  }

  #end(service: string): void {
    this.#waiting.get(service)?.cancel();
    this.#waiting.delete(service);
  }

  #unexpect(service: string): void {
    const line = this.#lines.get(service);
    line?.cancel();
    this.#lines.delete(service);
    if (line?.isFound === true) this.#ports.annotate(service, LINE, null);
  }
}

function noteOf(detail: string): string {
  return `${NOT_READY}: ${detail}`;
}

/** true: no run is about to be started or on its way to be ready. */
function isOver({ tag }: ServiceState): boolean {
  return tag !== "launching" && tag !== "execing" && tag !== "starting" && tag !== "naming" && tag !== "preparing";
}
