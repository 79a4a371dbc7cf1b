import { closeSync, constants, openSync, readSync, readlinkSync } from "node:fs";
import { monotonicMicros } from "./micro-clock.ts";

/** The first pid namespace has this number (PROC_PID_INIT_INO): the kernel speaks of processes by their numbers in it. */
const FIRST_NAMESPACE = "pid:[4026531836]";

/** A record is no longer than this (CONSOLE_EXT_LOG_MAX), and no more of them are looked at. */
const MOST_BYTES = 8192;
const MOST_RECORDS = 20_000;

/** A record of /dev/kmsg: "6,1234,5678901,-;text", the third number in microseconds. */
const KILLED = /^\d+,\d+,(\d+),[^;]*;.*Killed process (\d+) \(/;

/**
 * Processes that the kernel says to have killed for want of memory, and when, in milliseconds since 1970; the last of each
 * number. Empty where it may not be asked (it takes root or CAP_SYSLOG), or speaks of other numbers than those seen here.
 */
export function readOomKills(): ReadonlyMap<number, number> {
  const kills = new Map<number, number>();
  let fd = -1;
  try {
    if (readlinkSync("/proc/self/ns/pid") !== FIRST_NAMESPACE) return kills;
    fd = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
    const offset = Date.now() - monotonicMicros() / 1000;
    for (const record of recordsIn(fd)) {
      const [, micros, pid] = KILLED.exec(record) ?? [];
      if (pid !== undefined) kills.set(Number(pid), offset + Number(micros) / 1000);
    }
  } catch {
    // What cannot be read tells nothing.
  } finally {
    if (fd >= 0) closeSync(fd);
  }
  return kills;
}

/** Each read gives one record, and fails when there is none left. */
function* recordsIn(fd: number): Generator<string> {
  const buffer = Buffer.alloc(MOST_BYTES);
  for (let count = 0; count < MOST_RECORDS; count++) {
    try {
      const size = readSync(fd, buffer);
      if (size === 0) return;
      yield buffer.toString("latin1", 0, size);
    } catch (error) {
      // EPIPE: the oldest records were overwritten meanwhile, and the next read goes on behind them.
      if (error instanceof Error && "code" in error && error.code === "EPIPE") continue;
      return;
    }
  }
}
