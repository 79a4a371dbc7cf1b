import { signalNumberOf } from "./signal-names.ts";

/** How a process ended, as the kernel tells it; "unknown" only where the kernel did not tell us (it was not our child). */
export type Exit =
  | { readonly tag: "code"; readonly code: number }
  | { readonly tag: "signal"; readonly signal: string; readonly dumped: boolean }
  | { readonly tag: "unknown" };

/** Why a run ended, beyond what the kernel says: the supervisor may have had its part in it. */
export type RunResult =
  | "exit"
  | "timeout"
  | "watchdog"
  | "oom"
  | "unhealthy"
  /** This hook has failed. */
  | "before-start"
  | "after-start";

/** The exit in words an operator reads: "exited 1", "killed by SIGSEGV (core dumped)". */
export function exitWordsOf(exit: Exit): string {
  switch (exit.tag) {
    case "code":
      return `exited ${exit.code}`;
    case "signal":
      return `killed by ${exit.signal}${exit.dumped ? " (core dumped)" : ""}`;
    case "unknown":
      return "ended with an unknown status";
  }
}

/** The exit as a shell would give it: the code itself, 128 + n for a signal, 1 if it is not known. */
export function shellCodeOf(exit: Exit): number {
  switch (exit.tag) {
    case "code":
      return exit.code;
    case "signal":
      return 128 + signalNumberOf(exit.signal);
    case "unknown":
      return 1;
  }
}
