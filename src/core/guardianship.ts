/*
 * What a guardian does when its supervisor has ended. It knows nothing of services: it restarts the supervisor at once if that was
 * killed, later and later if it fails by itself again and again, and without what its predecessors have written down if
 * that may be what it fails of.
 */
import type { Exit } from "./exit.ts";
import { shellCodeOf } from "./exit.ts";
import { type Millis, millis } from "./units.ts";

/** The life of a supervisor, once it is over. */
export interface EndedLife {
  readonly exit: Exit;
  /** What it said that it would end with, in order; null: it has not. */
  readonly over: number | null;
  readonly lived: Millis;
  /** It had said that it was up. */
  readonly wasReady: boolean;
  /** It, or one before it, had. */
  readonly everReady: boolean;
}

/** What is known of those before: how many failed in a row. */
export type Failures = number;

export type Succession =
  | { readonly tag: "end"; readonly code: number }
  | {
      readonly tag: "succeed";
      readonly after: Millis;
      readonly failures: Failures;
      /** "ignore": not to believe what its predecessors have written down of the services. */
      readonly record: "use" | "ignore";
    };

/** Who lives this long has not failed. */
const CALM: Millis = millis(10_000);
/** Killed sooner than this after its start: something kills again and again. */
const SHORT: Millis = millis(1_000);
/** Who is killed sooner than this while it begins has not been killed for what it did. */
const SUSPICIOUS: Millis = millis(3_000);
/** So many in a row may have failed of what they found. */
const POISONED = 3;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

/** So many supervisors may begin before one is up: whoever waits for the start hears of its failure then. */
export const MOST_BEGINNINGS = 5;

/** `before`: how many in a row have failed before this one. */
export function decideSuccession(life: EndedLife, before: Failures): Succession {
  if (life.over !== null) return { tag: "end", code: life.over };
  if (!life.everReady) return decideStart(life, before);
  if (life.lived >= CALM && life.wasReady) return { tag: "succeed", after: millis(0), failures: 0, record: "use" };
  const failures = wasKilled(life) ? before : before + 1;
  return {
    tag: "succeed",
    after: wasKilled(life) ? afterKill(life) : afterFailure(failures),
    failures,
    record: recordAfter(failures),
  };
}

/** Of a start that is waited for. What ends by itself has said why to whoever waits; what a signal ends is begun again, later and later. */
function decideStart(life: EndedLife, before: Failures): Succession {
  const failures = before + 1;
  const code = shellCodeOf(life.exit);
  if (life.exit.tag !== "signal" || failures >= MOST_BEGINNINGS) return { tag: "end", code: code === 0 ? 1 : code };
  const record = wasKilled(life) ? "use" : recordAfter(failures);
  return { tag: "succeed", after: afterFailure(failures + 1), failures, record };
}

/**
 * What ends it by SIGKILL is somebody else: an operator, or a machine that is short of memory. Only who is killed after having
 * begun for long may have taken that memory for what it found.
 */
function wasKilled({ exit, wasReady, lived }: EndedLife): boolean {
  return exit.tag === "signal" && exit.signal === "SIGKILL" && (wasReady || lived < SUSPICIOUS);
}

function recordAfter(failures: Failures): "use" | "ignore" {
  return failures >= POISONED ? "ignore" : "use";
}

function afterKill({ lived }: EndedLife): Millis {
  return millis(lived < SHORT ? FIRST_PAUSE : 0);
}

/** At once for the first, then 100 ms, 200 ms and so on, at most 10 s. */
function afterFailure(failures: Failures): Millis {
  return millis(failures <= 1 ? 0 : Math.min(FIRST_PAUSE * 2 ** (failures - 2), LONGEST_PAUSE));
}
