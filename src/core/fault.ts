/** What has thrown where nobody expects it, in words for people. */
export interface Fault {
  /** "crit": a bug of ours. */
  readonly severity: "err" | "crit";
  /** For the log, with all that helps to find it. */
  readonly report: string;
  /** For whoever is concerned by it. */
  readonly brief: string;
}

/** What the machine, or a limit of it, has no more of, by the code of the error. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: "no descriptor is left below the limit of open files",
  ENFILE: "the machine has no descriptor left",
  ENOMEM: "there is no memory left",
  ENOSPC: "there is no room left",
};

/** A resource that is exhausted is no bug: it is named, and nothing else is to be found out. */
export function faultOf(error: unknown): Fault {
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const shortage = SHORTAGES[code];
  if (shortage !== undefined) {
    const report = `cannot go on as usual: ${shortage} (${words})`;
    return { severity: "err", report, brief: shortage };
  }
  const report = `internal error: ${error instanceof Error ? (error.stack ?? words) : words}`;
  return { severity: "crit", report, brief: "internal error, see the log of the supervisor" };
}
