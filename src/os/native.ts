import { cc, type Pointer } from "bun:ffi";
import { WITHOUT_LIBRARIES, withSourcePath } from "./c-source.ts";
import roles from "./native-roles.c" with { type: "text" };
import spawning from "./native-spawn.c" with { type: "text" };
import stamps from "./native-stamps.c" with { type: "text" };
import common from "./native.c" with { type: "text" };
import { lowerOomShield } from "./oom-shield.ts";

/** The functions of the C files beside this one. Blocks are requests as the encoder of requests lays them out. */
export interface Native {
  /**
   * Takes low descriptors, duplicates of the given one, for what is passed on to children; to be called early, before
   * other descriptors have taken the low numbers. They stay until the end of the process.
   */
  reserve(nothing: number): void;
  /** The pid of the new child, or 0 and the reason in the block. Waits at most `waitMs` for its exec; `settle` tells the outcome. */
  spawn(block: Pointer, stackTop: Pointer, waitMs: number): number;
  /** 0: pending. 1: it has executed, or was killed before it could. 2: it failed, is reaped and its pidfd closed. */
  settle(block: Pointer): number;
  /** Kills and reaps the child behind a pidfd, and closes the pidfd. */
  discard(pidfd: number): void;
  /** fork, setsid, fork, exec. The pid of the process that has executed, or 0 and the reason in the block. */
  relaunch(block: Pointer): number;
  /** exec in place; returns only on failure, with the errno. */
  replace(block: Pointer, signalPipe: number): number;
  /** The mask of blocked signals of the calling thread: bit n - 1 is signal n. */
  readMask(): bigint;
  writeMask(mask: bigint): void;
  /** The errno, or 0. */
  setDisposition(signal: number, ignored: boolean): number;
  /** The address of the function that puts stamps before lines. */
  stamping(): number;
  /** CLOCK_BOOTTIME in nanoseconds, the clock of the start times in /proc. */
  bootNanoseconds(): number;
}

let loaded: Native | null = null;

/** Compiles them, once; 3 to 6 ms. Throws if the machine cannot run it: without it nothing can be started. */
export function loadNative(): Native {
  // One text, in which each part knows those before it.
  loaded ??= withSourcePath(common + spawning + roles + stamps, frontOf);
  return loaded;
}

function frontOf(path: string): Native {
  // The prototypes are in the C file; "request *" and "char *" are pointers into a block.
  const { symbols } = cc({
    source: path,
    flags: WITHOUT_LIBRARIES,
    symbols: {
      reserve: { args: ["i32"], returns: "void" },
      spawn: { args: ["ptr", "ptr", "i32"], returns: "i32" },
      settle: { args: ["ptr"], returns: "i32" },
      discard: { args: ["i32"], returns: "void" },
      relaunch: { args: ["ptr"], returns: "i32" },
      replace: { args: ["ptr", "i32"], returns: "i32" },
      read_mask: { args: [], returns: "u64" },
      write_mask: { args: ["u64"], returns: "void" },
      set_disposition: { args: ["i32", "i32"], returns: "i32" },
      stamping: { args: [], returns: "ptr" },
      boot_nanoseconds: { args: [], returns: "f64" },
    },
  } as const);
  // What cc() makes takes a small number that the runtime holds as a double for another one, hence `| 0`.
  return {
    reserve: (nothing) => symbols.reserve(nothing | 0),
    spawn: (block, stackTop, waitMs) => symbols.spawn(block, stackTop, waitMs | 0),
    settle: (block) => symbols.settle(block),
    discard: (pidfd) => symbols.discard(pidfd | 0),
    relaunch: (block) => symbols.relaunch(block),
    replace(block, signalPipe) {
      lowerOomShield();
      return symbols.replace(block, signalPipe | 0);
    },
    readMask: () => symbols.read_mask(),
    writeMask: (mask) => symbols.write_mask(mask),
    setDisposition: (signal, ignored) => symbols.set_disposition(signal | 0, ignored ? 1 : 0),
    stamping: () => Number(symbols.stamping()),
    bootNanoseconds: () => symbols.boot_nanoseconds(),
  };
}
