import { closeSync, openSync, readSync } from "node:fs";
import { FIRST_FRAME, HalfView } from "./record-layout.ts";
import { placeOf } from "./record-left.ts";

/** The version of the texts in a file of records; null if there is none that can be told. Leaves the file as it is. */
export function versionOfRecords(path: string): number | null {
  try {
    const fd = openSync(path, "r");
    const [first, second] = [headOf(fd, 0), headOf(fd, 1)];
    closeSync(fd);
    return (second.sequence ?? 0) > (first.sequence ?? 0) ? second.version : first.version;
  } catch {
    return null;
  }
}

function headOf(fd: number, index: 0 | 1): HalfView {
  const bytes = new Uint8Array(FIRST_FRAME);
  readSync(fd, bytes, 0, bytes.length, placeOf(index));
  return new HalfView(bytes);
}
