/** What the processes of a service use, as the control interface shows it. */
export interface UsageView {
  readonly name: string;
  /** Processes that are alive. */
  readonly processes: number;
  /** Processor time of this run in milliseconds, that of ended children included as far as they were waited for. */
  readonly cpu_ms: number;
  /** Share of one processor over the last `cpu_over_ms`, in percent, to a tenth; more than 100 on several. */
  readonly cpu_percent: number;
  /** Since somebody asked before, ten minutes at most; else since the run began. */
  readonly cpu_over_ms: number;
  /** Resident memory of all of them; what several share counts for each. */
  readonly memory_bytes: number;
}
