/**
 * The signals of Linux by name; the numbers are the same on x86-64 and aarch64 (signal(7)).
 * Real-time signals are left out: nobody asks a supervisor for them by number.
 */
export const SIGNAL_NUMBERS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export type SignalName = keyof typeof SIGNAL_NUMBERS;

export const SIGNAL_NAMES = Object.keys(SIGNAL_NUMBERS) as readonly SignalName[];

/** The name of a signal number, or "SIG<number>" for one that has no name here (real-time signals). */
export function signalNameOf(number: number): string {
  return SIGNAL_NAMES.find((name) => SIGNAL_NUMBERS[name] === number) ?? `SIG${number}`;
}

/** The number behind a name that `signalNameOf` gave; 0 for any other text. */
export function signalNumberOf(name: string): number {
  const known = SIGNAL_NAMES.find((candidate) => candidate === name);
  return known === undefined ? Number(/^SIG(\d+)$/.exec(name)?.[1] ?? 0) : SIGNAL_NUMBERS[known];
}

/** Reads "SIGTERM", "TERM", "term" or "15"; null if it names no signal. */
export function parseSignalName(text: string): SignalName | null {
  const upper = text.trim().toUpperCase();
  const byNumber = SIGNAL_NAMES.find((name) => String(SIGNAL_NUMBERS[name]) === upper);
  if (byNumber !== undefined) return byNumber;
  const full = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  return SIGNAL_NAMES.find((name) => name === full) ?? null;
}
