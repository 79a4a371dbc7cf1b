import { type Pointer, cc } from "bun:ffi";
import { WITHOUT_LIBRARIES, withSourcePath } from "./c-source.ts";
import source from "./processes.c" with { type: "text" };

/**
 * The functions of processes.c. Each returns a count or a negative errno. `numbers` has room for `most` 32-bit numbers, `rows`
 * for `most` rows.
 */
export interface NativeProcesses {
  /** Bytes of a file below /proc, by its path from there, which ends with a zero. -E2BIG: more than fit. */
  readText(path: Pointer, bytes: Pointer, most: number): number;
  /** 1, or 0: there is no such process. */
  readRow(pid: number, row: Pointer): number;
  readTable(rows: Pointer, most: number): number;
  /** `pids`: `count` numbers; `usages`: room for four words of each. */
  readUsages(pids: Pointer, count: number, usages: Pointer): number;
  /** -EAGAIN: the threads of the process were not the same at the end; -E2BIG: or too many. */
  readChildren(pid: number, numbers: Pointer, most: number): number;
  /** The children in the list (`children` of processes.c) that are not known. */
  readStrangers(list: Pointer, numbers: Pointer, most: number): number;
  /** Reads on to a place near the end of the list. false: there is none. Any other reading of the list takes it away. */
  approachEnd(list: Pointer): boolean;
  /** What `readStrangers` would find, from that place on; -EAGAIN: it has to be asked. */
  readNewStrangers(list: Pointer, numbers: Pointer, most: number): number;
  /** Those that have ended and are not reaped. */
  readEnded(list: Pointer, numbers: Pointer, most: number): number;
}

let loaded: NativeProcesses | null = null;

/** Compiles processes.c, once; some milliseconds. */
export function loadNativeProcesses(): NativeProcesses {
  loaded ??= withSourcePath(source, frontOf);
  return loaded;
}

function frontOf(path: string): NativeProcesses {
  // The prototypes are in the C file; "row *" and "int *" are pointers into 32-bit words.
  const { symbols } = cc({
    source: path,
    flags: WITHOUT_LIBRARIES,
    symbols: {
      hold_proc: { args: [], returns: "i32" },
      read_text: { args: ["ptr", "ptr", "i32"], returns: "i32" },
      read_row: { args: ["i32", "ptr"], returns: "i32" },
      read_table: { args: ["ptr", "i32"], returns: "i32" },
      read_usages: { args: ["ptr", "i32", "ptr"], returns: "i32" },
      read_children: { args: ["i32", "ptr", "i32"], returns: "i32" },
      read_strangers: { args: ["ptr", "ptr", "i32"], returns: "i32" },
      approach_end: { args: ["ptr"], returns: "i32" },
      read_new_strangers: { args: ["ptr", "ptr", "i32"], returns: "i32" },
      read_ended: { args: ["ptr", "ptr", "i32"], returns: "i32" },
    },
  } as const);
  // What is mounted there now is what counts, whatever becomes of the place.
  symbols.hold_proc();
  // What cc() makes takes a small number that the runtime holds as a double for another one, hence `| 0`.
  return {
    readText: (path, bytes, most) => symbols.read_text(path, bytes, most | 0),
    readRow: (pid, row) => symbols.read_row(pid | 0, row),
    readTable: (rows, most) => symbols.read_table(rows, most | 0),
    readUsages: (pids, count, usages) => symbols.read_usages(pids, count | 0, usages),
    readChildren: (pid, numbers, most) => symbols.read_children(pid | 0, numbers, most | 0),
    readStrangers: (list, numbers, most) => symbols.read_strangers(list, numbers, most | 0),
    approachEnd: (list) => symbols.approach_end(list) !== 0,
    readNewStrangers: (list, numbers, most) => symbols.read_new_strangers(list, numbers, most | 0),
    readEnded: (list, numbers, most) => symbols.read_ended(list, numbers, most | 0),
  };
}
