import type { Aim, Entry } from "./figure.ts";

const BEST_PEER: Aim = {
  text: "ahead of the best peer",
  isReached: (ours, _, bestPeer) => (Number.isNaN(bestPeer) ? null : ours > bestPeer),
};
const TWICE: Aim = { text: "at most 2 x", isReached: (ours, floor) => ours <= 2 * floor };

/** What is measured of logs, in the order of the table. */
export const LOG_ENTRIES = {
  logPlain: {
    title: "log, 64 KiB a write, no stamps",
    unit: "MB/s",
    against: "ratio",
    aim: { text: "ahead of the floor", isReached: (ours, floor) => ours > floor },
  },
  logPlainCpu: cpuOf("of that: processor time of what writes the file"),
  logStamped: {
    title: "log, 64 KiB a write, a stamp a line",
    unit: "MB/s",
    against: "ratio",
    aim: {
      text: "4.5 x the best peer",
      isReached: (ours, _, bestPeer) => (Number.isNaN(bestPeer) ? null : ours >= 4.5 * bestPeer),
    },
  },
  logStampedCpu: cpuOf("of that: processor time of what writes the file, a stamp a line"),
  linePlain: { title: "log, one write a line, no stamps", unit: "MB/s", against: "ratio", aim: BEST_PEER },
  linePlainCpu: cpuOf("of that: processor time of what writes the file, one write a line"),
  lineStamped: { title: "log, one write a line, a stamp a line", unit: "MB/s", against: "ratio", aim: BEST_PEER },
  lineStampedCpu: cpuOf("of that: processor time of what writes the file, one write and one stamp a line"),
  crowd: { title: "log, 200 services at once, a stamp a line: together", unit: "MB/s", against: "ratio", aim: null },
  crowdFirst: {
    title: "of that: when the first of them had written all, of the time of the last one",
    unit: "%",
    against: "nothing",
    aim: null,
  },
  statusBeside: {
    title: "`daemonsup status NAME` while another writes at full speed; as the floor: in peace",
    unit: "ms",
    against: "ratio",
    aim: TWICE,
  },
  restartBeside: {
    title: "`daemonsup restart NAME` while another writes at full speed; as the floor: in peace",
    unit: "ms",
    against: "ratio",
    aim: TWICE,
  },
  idleCost: {
    title: "memory (PSS) of one idle service with captured output",
    unit: "KB",
    against: "nothing",
    aim: { text: "under 15 KB", isReached: (ours) => ours < 15 },
  },
  idleCostWritten: {
    title: "the same, once it has written a line",
    unit: "KB",
    against: "nothing",
    aim: null,
  },
} as const satisfies Readonly<Record<string, Entry>>;

function cpuOf(title: string): Entry {
  return { title, unit: "CPU s/GiB", against: "ratio", aim: null };
}
