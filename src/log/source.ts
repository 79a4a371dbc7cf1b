/** Where a stretch of output came from, and when. */
export interface Source {
  readonly service: string;
  readonly pid: number;
  readonly stream: "stdout" | "stderr";
  /** When it was read: microseconds since 1970. */
  readonly at: number;
  /** Tells one pipe from another: descriptors are used again, these are not. */
  readonly pipe: object;
}
