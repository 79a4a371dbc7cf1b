/* Where the output of a run begins in the files that its service writes itself, as it is written down for a successor. */
import type { DirectBeginning } from "../core/direct-output.ts";
import { numberIn, type PlainData, textIn, memberIn } from "../core/plain-data.ts";

/** The word beside a record. */
export const DIRECT_BEGINNING = "log";

export interface DirectRun {
  /** The number of the run. */
  readonly run: number;
  readonly began: readonly DirectBeginning[];
}

export function savedBeginningOf({ run, began }: DirectRun): PlainData {
  return { run, began: began.map(({ path, identity, size }) => ({ path, identity, size })) };
}

/** null: there is none, or nothing that is understood. */
export function readBeginning(data: PlainData | undefined): DirectRun | null {
  const run = numberIn(data, "run");
  const written = memberIn(data, "began");
  if (run === null || !Array.isArray(written)) return null;
  const began = written.flatMap((each: PlainData) => {
    const [path, identity, size] = [textIn(each, "path"), textIn(each, "identity"), numberIn(each, "size")];
    return path === null || identity === null || size === null ? [] : [{ path, identity, size }];
  });
  return { run, began };
}
