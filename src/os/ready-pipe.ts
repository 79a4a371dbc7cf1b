/*
 * Pipes over which services say that they are ready. The end for a service is open for reading too: whoever writes to it is
 * not ended by SIGPIPE while nobody else has the pipe, and what was written can be had by whoever opens it anew.
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { openLogPipe } from "./pipe-io.ts";
import { closeFd } from "./signalling.ts";

/** Both ends close-on-exec, the read end non-blocking; or the name of an errno. */
export function openReadyPipe(): { readonly read: number; readonly write: number } | string {
  const opened = openLogPipe();
  if (opened.tag === "failed") return opened.errno;
  const { read, write } = opened.ends;
  try {
    const both = openSync(`/proc/self/fd/${write}`, constants.O_RDWR);
    closeFd(write);
    return { read, write: both };
  } catch {
    // Without /proc the plain end has to do.
    return { read, write };
  }
}

/** The same for the same pipe, and for no other that is open. */
export function pipeIdentityOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}

/** A read end, non-blocking and close-on-exec, of the pipe that another process has under this number; null if it is not this one. */
export function reopenReadyPipe(pid: number, number: number, identity: string): number | null {
  try {
    const fd = openSync(`/proc/${pid}/fd/${number}`, constants.O_RDONLY | constants.O_NONBLOCK);
    if (pipeIdentityOf(fd) === identity) return fd;
    closeSync(fd);
    return null;
  } catch {
    return null;
  }
}
