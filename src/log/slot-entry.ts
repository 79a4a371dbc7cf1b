/** Whose output goes through the pipe with a place of its own. */
export interface SlotEntry {
  readonly run: number;
  readonly service: string;
  /** 0: it is not known yet. */
  readonly pid: number;
  readonly stream: "stdout" | "stderr";
}

/**
 * An entry of the table, little-endian. Append only; other fields are another version.
 *
 *     0   u32 pid: may be written at any time, so it is not part of the checksum
 *     4   u32 CRC-32 of what follows
 *     8   u32 run
 *     12  u8 stream: 1 stdout, 2 stderr; 0: nobody's
 *     13  u8 length, name of the service
 */
export const ENTRY_SIZE = 128;
const PID = 0;
const CHECKSUM = 4;
const RUN = 8;
const STREAM = 12;
const LENGTH = 13;
const NAME = 14;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const pidBytes = new Uint8Array(4);
const pidView = new DataView(pidBytes.buffer);
const STREAMS = [null, "stdout", "stderr"] as const;

/** null: nobody's. A name that is too long has no place. */
export function encodeSlotEntry(entry: SlotEntry | null): Uint8Array {
  const bytes = new Uint8Array(ENTRY_SIZE);
  const name = encoder.encode(entry?.service ?? "");
  if (entry === null || name.length > ENTRY_SIZE - NAME) return bytes;
  const view = new DataView(bytes.buffer);
  view.setUint32(RUN, entry.run, true);
  view.setUint32(PID, entry.pid, true);
  bytes[STREAM] = STREAMS.indexOf(entry.stream);
  bytes[LENGTH] = name.length;
  bytes.set(name, NAME);
  view.setUint32(CHECKSUM, checksumOf(bytes), true);
  return bytes;
}

/** What is to be written at the beginning of an entry once the process is known; to be used before the next call. */
export function encodeSlotPid(pid: number): Uint8Array {
  pidView.setUint32(0, pid, true);
  return pidBytes;
}

/** null: it is nobody's, or damaged. */
export function decodeSlotEntry(bytes: Uint8Array): SlotEntry | null {
  const stream = STREAMS[bytes[STREAM] ?? 0] ?? null;
  if (stream === null || bytes.length < ENTRY_SIZE) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, ENTRY_SIZE);
  if (view.getUint32(CHECKSUM, true) !== checksumOf(bytes)) return null;
  const service = decoder.decode(bytes.subarray(NAME, NAME + (bytes[LENGTH] ?? 0)));
  return { run: view.getUint32(RUN, true), service, pid: view.getUint32(PID, true), stream };
}

function checksumOf(bytes: Uint8Array): number {
  return Bun.hash.crc32(bytes.subarray(RUN, ENTRY_SIZE));
}
