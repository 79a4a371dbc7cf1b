/** Why lines did not come into a sink: it takes nothing, or not fast enough, or there were more than its `rate` allows. */
export const LOSS_REASONS = ["failed", "slow", "rate"] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** How many lines of one service a sink was to have and does not, for one reason. */
export interface LogLoss {
  /** As `to` names it. */
  readonly sink: string;
  readonly reason: LossReason;
  readonly lines: number;
}

/** For people: "12 lines for central (slow), 3 lines for file (failed)"; "" without any. One of an earlier version does not tell. */
export function lossWordsOf(losses: readonly LogLoss[] = []): string {
  return losses
    .map(({ sink, reason, lines }) => `${lines === 1 ? "1 line" : `${lines} lines`} for ${sink} (${reason})`)
    .join(", ");
}
