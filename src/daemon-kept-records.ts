/*
 * The records of services over an upgrade, for the way back: the new version may write them anew, as the old one cannot read them,
 * and then not come up. Part of the composition root.
 */
import { renameSync, rmSync } from "node:fs";
import type { EstatePort } from "./core/estate.ts";
import { keptRecordsFileOf, probeDirectoryOf, recordsFileOf } from "./core/paths.ts";
import { SAVED_VERSION } from "./core/saved-record.ts";
import type { UpgradeNote } from "./core/upgrade.ts";
import { letGoOfFile } from "./daemon-estate.ts";
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

/**
 * What an upgrade has left that led to nothing, or whose supervisor was killed: goes back to the records that were kept if what there
 * is now is of a version to come, and removes the rest. Before anybody opens the records.
 */
export function tidyAfterUpgrade(runtime: string, upgrade: UpgradeNote | null, estate: EstatePort): void {
  // As long as the new version is on trial, they are needed.
  if (upgrade !== null && upgrade.failure === null) return;
  if (upgrade !== null) restoreRecords(runtime, estate);
  dropKeptRecords(runtime);
  dropCopies(runtime);
}

/** What a program is probed with. */
export function dropCopies(runtime: string): void {
  try {
    rmSync(probeDirectoryOf(runtime), { recursive: true, force: true });
  } catch {
    // Who was probed is still at it; the next one drops it.
  }
}

function restoreRecords(runtime: string, estate: EstatePort): void {
  const found = versionOfRecords(recordsFileOf(runtime));
  const kept = versionOfRecords(keptRecordsFileOf(runtime));
  if (found === null || found <= SAVED_VERSION || kept === null) return;
  letGoOfFile(estate, "records");
  renameSync(keptRecordsFileOf(runtime), recordsFileOf(runtime));
}

/** Nobody needs it any more. */
export function dropKeptRecords(runtime: string): void {
  rmSync(keptRecordsFileOf(runtime), { force: true });
}
