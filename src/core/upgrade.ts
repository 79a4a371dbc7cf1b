/* One change of the program under running services, as both programs and whoever asks know it. Plain data. */

export interface UpgradeNote {
  /** When it was asked for, milliseconds since 1970; also tells one from the other. */
  readonly at: number;
  /** Versions. */
  readonly from: string;
  readonly to: string;
  /** The file of the new program, absolute. */
  readonly program: string;
  /** Why there was a way back; null: there was none. A clause: "pid 12 killed by SIGSEGV". */
  readonly failure: string | null;
}

/** How it is shown. `begun`: nothing is decided yet; `message` says why it failed, or what of it did. */
export interface UpgradeView {
  readonly at: string;
  readonly from: string;
  readonly to: string;
  /** The file of the new program, absolute. */
  readonly binary: string;
  readonly result: "begun" | "done" | "failed";
  readonly message: string | null;
}
