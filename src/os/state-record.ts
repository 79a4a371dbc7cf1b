import type { Exit } from "../core/exit.ts";
import { signalNameOf, signalNumberOf } from "../core/signal-names.ts";

/** What an operator has said about a service, beyond its definition. */
export type Want = "configured" | "up" | "down";

/**
 * How far the one process of a service is known to be: "intent" from before its spawn, "running" once its start time has
 * been read, "exited" from before it is reaped, and while there has been none. A free record belongs to no service.
 */
export type Phase = "free" | "intent" | "running" | "exited";

/** One service in the state mapping. */
export interface StateRecord {
  /** At most 64 bytes of UTF-8. */
  readonly name: string;
  readonly want: Want;
  readonly phase: Phase;
  /** 0 unless running. */
  readonly pid: number;
  /** How the last process ended; null unless exited, and where that is not known. */
  readonly exit: Exit | null;
  /** Clock ticks since boot, as in /proc/PID/stat; 0 unless running. */
  readonly startTicks: number;
  /** 32 hexadecimal digits; of the run that began with the last intent, zeros before the first. */
  readonly invocationId: string;
  /** CLOCK_BOOTTIME in nanoseconds when the last intent was written. */
  readonly intentNs: number;
}

/** What the child of a service has written itself: pid 0 if it has not. */
export interface ChildWord {
  readonly pid: number;
  /** true: it has seen that its supervisor is still the one that there is, and goes on to its exec. */
  readonly goesOn: boolean;
  /** CLOCK_BOOTTIME in nanoseconds; 0: not known. */
  readonly timeNs: number;
}

/**
 * A record of the mapping, 256 bytes, little-endian:
 *
 *     0   child: u32 pid, u32 goes on, u64 time      written by the child, see native.c
 *     16  slot A, 112 bytes
 *     128 slot B, 112 bytes
 *     240 unused
 *
 * and a slot:
 *
 *     0   u32 sequence, u32 CRC-32 of bytes 8 to 111 and the sequence
 *     8   u8 want, u8 phase, u8 length of name, u8 kind of exit, u32 pid, or exit code or signal
 *     16  u64 start ticks, u64 intent time
 *     32  16 bytes INVOCATION_ID
 *     48  64 bytes name
 *
 * A write goes to the slot that is not current, with the next sequence number; the reader takes the newest whose checksum
 * is right. So whichever bytes of a write have been done when the writer is killed, the reader sees either the record
 * before it or the record after it.
 */
export const RECORD_SIZE = 256;
const LONGEST_NAME = 64;
const SLOTS = [16, 128] as const;
const SLOT_SIZE = 112;

const WANTS: readonly Want[] = ["configured", "up", "down"];
const PHASES: readonly Phase[] = ["free", "intent", "running", "exited"];

export const NO_INVOCATION = "0".repeat(32);

export const FREE_RECORD: StateRecord = {
  name: "",
  want: "configured",
  phase: "free",
  pid: 0,
  exit: null,
  startTicks: 0,
  invocationId: NO_INVOCATION,
  intentNs: 0,
};

export type RecordReading =
  | { readonly tag: "ok"; readonly record: StateRecord; readonly sequence: number }
  /** Never written to. */
  | { readonly tag: "blank" }
  /** Written to, but neither slot is whole. */
  | { readonly tag: "damaged" };

const scratch = new Uint8Array(SLOT_SIZE);
const scratchView = new DataView(scratch.buffer);
const scratchName = scratch.subarray(48);
const scratchInvocation = scratch.subarray(32, 48);
const scratchRest = scratch.subarray(8);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** true if the name fits into a record. */
export function fitsRecord(name: string): boolean {
  return name.length > 0 && encoder.encode(name).length <= LONGEST_NAME;
}

/** Writes a record with this sequence number, which decides the slot; `bytes` are the record's 256. */
export function writeRecord(bytes: Uint8Array, record: StateRecord, sequence: number): void {
  encodeSlot(record, sequence);
  bytes.set(scratch, SLOTS[sequence % 2 === 0 ? 0 : 1]);
}

/** The sequence number after this one; 0 is kept for slots that were never written. */
export function nextSequence(sequence: number): number {
  return sequence === 0xffffffff ? 2 : sequence + 1;
}

/** Reads the newest whole slot. */
export function readRecord(bytes: Uint8Array): RecordReading {
  if (isBlank(bytes)) return { tag: "blank" };
  const [first, second] = SLOTS.map((at) => decodeSlot(bytes.subarray(at, at + SLOT_SIZE)));
  const newest = newestOf(first ?? null, second ?? null);
  return newest === null ? { tag: "damaged" } : { tag: "ok", ...newest };
}

export function readChildWord(bytes: Uint8Array): ChildWord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_SIZE);
  return { pid: view.getUint32(0, true), goesOn: view.getUint32(4, true) !== 0, timeNs: readLong(view, 8) };
}

/** Before a spawn, so that what stands there is of that spawn. */
export function clearChildWord(bytes: Uint8Array): void {
  bytes.fill(0, 0, 16);
}

// By words: nearly all of the records are blank, and all are looked at when the file is opened.
function isBlank(bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, RECORD_SIZE / 4);
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  return true;
}

interface Slot {
  readonly record: StateRecord;
  readonly sequence: number;
}

function newestOf(first: Slot | null, second: Slot | null): Slot | null {
  if (first === null || second === null) return first ?? second;
  // Sequence numbers wrap: the difference as a signed number tells which is ahead.
  return ((first.sequence - second.sequence) | 0) > 0 ? first : second;
}

function encodeSlot(record: StateRecord, sequence: number): void {
  scratch.fill(0);
  const { written } = encoder.encodeInto(record.name, scratchName);
  scratchView.setUint32(0, sequence, true);
  scratch[8] = WANTS.indexOf(record.want);
  scratch[9] = PHASES.indexOf(record.phase);
  scratch[10] = written;
  scratch[11] = record.exit === null ? 0 : exitKindOf(record.exit);
  scratchView.setUint32(12, record.exit === null ? record.pid : exitNumberOf(record.exit), true);
  writeLong(scratchView, 16, record.startTicks);
  writeLong(scratchView, 24, record.intentNs);
  scratchInvocation.setFromHex(record.invocationId);
  scratchView.setUint32(4, Bun.hash.crc32(scratchRest, sequence), true);
}

function decodeSlot(bytes: Uint8Array): Slot | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SLOT_SIZE);
  const sequence = view.getUint32(0, true);
  if (sequence === 0 || view.getUint32(4, true) !== checksumOf(bytes)) return null;
  const want = WANTS[view.getUint8(8)];
  const phase = PHASES[view.getUint8(9)];
  const length = view.getUint8(10);
  if (want === undefined || phase === undefined || length > LONGEST_NAME) return null;
  const number = view.getUint32(12, true);
  const exit = phase === "exited" ? exitOf(view.getUint8(11), number) : null;
  const record: StateRecord = {
    name: decoder.decode(bytes.slice(48, 48 + length)),
    want,
    phase,
    pid: phase === "exited" ? 0 : number,
    exit,
    startTicks: readLong(view, 16),
    invocationId: bytes.slice(32, 48).toHex(),
    intentNs: readLong(view, 24),
  };
  return { record, sequence };
}

/** 0: not known. A supervisor that knew no exits has written that, too. */
const EXIT_KINDS = { unknown: 0, code: 1, signal: 2 } as const;
const DUMPED = 3;

function exitKindOf(exit: Exit): number {
  return exit.tag === "signal" && exit.dumped ? DUMPED : EXIT_KINDS[exit.tag];
}

function exitNumberOf(exit: Exit): number {
  if (exit.tag === "unknown") return 0;
  return exit.tag === "code" ? exit.code : signalNumberOf(exit.signal);
}

function exitOf(kind: number, number: number): Exit | null {
  if (kind === EXIT_KINDS.code) return { tag: "code", code: number };
  if (kind !== EXIT_KINDS.signal && kind !== DUMPED) return null;
  return { tag: "signal", signal: signalNameOf(number), dumped: kind === DUMPED };
}

/** The sequence is the seed, so that a new number over an old slot does not pass. */
function checksumOf(slot: Uint8Array): number {
  const sequence = new DataView(slot.buffer, slot.byteOffset, 4).getUint32(0, true);
  return Bun.hash.crc32(slot.subarray(8), sequence);
}

function writeLong(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function readLong(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}
