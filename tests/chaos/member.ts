/** Of which exits a service is started again. */
export type Policy = "always" | "on-failure" | "never";

/** A service of the chaos test, as far as the model has to know it. */
export interface Member {
  readonly name: string;
  readonly type: "simple" | "oneshot" | "forking";
  readonly policy: Policy;
  /** Services with the same word here are linked: whatever is asked of one may concern all of them. */
  readonly group: string;
  /** What else than a command starts it. */
  readonly calls: "nothing" | "schedule" | "connection";
  /** Processes of a run when all is calm. */
  readonly processes: number;
  /** Hooks of which each run has one. */
  readonly hooks: readonly string[];
  /** Where its lines go. */
  readonly sink: "file" | "syslog" | "reader";
}

const PLAIN = { type: "simple", policy: "always", calls: "nothing", processes: 1, hooks: [], sink: "file" } as const;

/** A member like most: of a group of its own, always started again. */
export function memberOf(name: string, more: Partial<Member> = {}): Member {
  return { name, group: name, ...PLAIN, ...more };
}
