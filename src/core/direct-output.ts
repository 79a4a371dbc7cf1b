/* The files that a service writes itself, as they are opened before its process exists. */

/** Which files; paths are absolute. */
export interface DirectFiles {
  readonly stdout: string;
  /** null: it is the same open file as stdout. */
  readonly stderr: string | null;
  /** Whose a new file is to be; null: that of whoever makes it. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/** Ends for writing, the same number twice if they are one, and where their files ended then; or why there are none, for people. */
export type DirectEnds =
  | {
      readonly tag: "open";
      readonly stdout: number;
      readonly stderr: number;
      readonly began: readonly DirectBeginning[];
    }
  | { readonly tag: "failed"; readonly reason: string };

/** Where the output of a run begins: in which file, and how many bytes had been in that. */
export interface DirectBeginning {
  readonly path: string;
  /** The same under every name of the file. */
  readonly identity: string;
  readonly size: number;
}
