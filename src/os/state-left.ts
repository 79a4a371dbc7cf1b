import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { readProcess } from "./processes.ts";
import { findProcess, isFoundProcess } from "./state-found.ts";
import { CAPACITY, HEADER_SIZE, readHeader } from "./state-header.ts";
import { readChildWord, readRecord, RECORD_SIZE } from "./state-record.ts";

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
const SIZE = HEADER_SIZE + CAPACITY * RECORD_SIZE;

/**
 * How many services run on of a supervisor that has died, by the state mapping in `path`; 0 also if another supervisor is at work
 * there, or the file cannot be read. Nothing is changed. `ended`: the number of a process that is known to have ended.
 */
export function countLeftServices(
  path: string,
  { bootId, ended }: { readonly bootId: string; readonly ended: number },
): number {
  const bytes = readWhole(path);
  const reading = bytes === null ? null : readHeader(bytes, RECORD_SIZE);
  if (bytes === null || reading?.tag !== "ok") return 0;
  const { header } = reading;
  if (header.isClean || header.bootId !== bootId) return 0;
  if (header.pid !== ended && isAlive(header.pid)) return 0;
  let count = 0;
  for (let at = HEADER_SIZE; at < SIZE; at += RECORD_SIZE) {
    if (hasLivingProcess(bytes.subarray(at, at + RECORD_SIZE))) count++;
  }
  return count;
}

/** null: it is not there, or is something else. */
function readWhole(path: string): Uint8Array | null {
  let fd: number | null = null;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    const status = fstatSync(fd);
    return status.isFile() && status.size === SIZE ? new Uint8Array(readFileSync(fd)) : null;
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function hasLivingProcess(bytes: Uint8Array): boolean {
  const reading = readRecord(bytes);
  if (reading.tag !== "ok") return false;
  const found = findProcess(reading.record, readChildWord(bytes));
  if (found.tag === "none" || !isAlive(found.pid)) return false;
  return isFoundProcess(found, readProcess(found.pid)?.startTicks ?? -1);
}

function isAlive(pid: number): boolean {
  const state = readProcess(pid)?.state;
  return state !== undefined && state !== "Z" && state !== "X";
}
