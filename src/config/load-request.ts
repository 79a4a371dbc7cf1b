import type { RequestedInstances } from "./templates.ts";

export interface LoadRequest {
  /** Absolute path of the definitions' directory. */
  readonly directory: string;
  /** The directory as the user typed it; messages begin with it. */
  readonly displayAs: string;
  /** Who gave the command; as root, this user's files are believed beside root's own. */
  readonly invokingUid: number;
  readonly isRoot: boolean;
  /** true: a directory without definitions is no error. */
  readonly allowEmpty: boolean;
  /** What was asked of templates beside what their files say. */
  readonly instances?: RequestedInstances;
  /** Absolute; with it, default log files are compared with those that definitions name. */
  readonly logDirectory?: string;
}
