/*
 * The records of services over an upgrade, for the way back: the new version may write them anew, as the old one cannot read them,
 * and then not come up. Part of the composition root.
 */
import { renameSync, rmSync } from "node:fs";
import { keptRecordsFileOf, recordsFileOf } from "./core/paths.ts";
import { SAVED_VERSION } from "./core/saved-record.ts";
import { copyFile } from "./os/copy-file.ts";
import { errorCodeOf } from "./os/error-code.ts";
import { versionOfRecords } from "./os/record-version.ts";

/** Keeps what is written down now. null, or why that is not possible, as a whole sentence. */
export function keepRecords(runtime: string): string | null {
  try {
    dropKeptRecords(runtime);
    copyFile(recordsFileOf(runtime), keptRecordsFileOf(runtime));
    return null;
  } catch (error) {
    return `cannot keep "${recordsFileOf(runtime)}" for the way back: ${errorCodeOf(error)}`;
  }
}

/** Goes back to what was kept, if what there is now is of a version to come. Before anybody opens it. */
export function restoreRecords(runtime: string): void {
  const found = versionOfRecords(recordsFileOf(runtime));
  const kept = versionOfRecords(keptRecordsFileOf(runtime));
  if (found === null || found <= SAVED_VERSION || kept === null) return;
  renameSync(keptRecordsFileOf(runtime), recordsFileOf(runtime));
}

/** Nobody needs it any more. */
export function dropKeptRecords(runtime: string): void {
  rmSync(keptRecordsFileOf(runtime), { force: true });
}
