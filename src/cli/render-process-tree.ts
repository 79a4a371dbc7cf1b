import type { ProcessView } from "../core/details-view.ts";
import { canDraw, type Look } from "./render-paint.ts";
import { sizeWordsOf } from "./render-sizes.ts";
import { onOneLine, padTo } from "./render-text.ts";
import { tookWordsOf } from "./render-words.ts";

/** More processes than these are only counted. */
const MOST_SHOWN = 12;

interface Branch {
  readonly view: ProcessView;
  /** What is drawn before its number. */
  readonly lead: string;
}

/** The processes as a tree, a line each: number, name, processor time, memory, and a state that is worth a word. */
export function renderProcessTree(processes: readonly ProcessView[], look: Look): readonly string[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  const roots = processes.filter(({ parent }) => !pids.has(parent));
  const branches = roots.flatMap((root) => branchesOf(root, { processes, look, lead: "" }));
  const shown = branches.slice(0, MOST_SHOWN);
  const labels = shown.map(({ view, lead }) => `${lead}${view.pid} ${onOneLine(view.name)}`);
  const width = Math.max(0, ...labels.map((label) => Bun.stringWidth(label)));
  const more = branches.length - shown.length;
  return [
    ...shown.map(({ view }, index) => {
      const [cpu, memory] = [tookWordsOf(view.cpu_ms).padStart(8), sizeWordsOf(view.memory_bytes).padStart(6)];
      return `${padTo(labels[index] ?? "", width, "right")} ${cpu} ${memory}${stateWordsOf(view.state)}`;
    }),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

interface Growth {
  readonly processes: readonly ProcessView[];
  readonly look: Look;
  /** What is drawn before the children of the process. */
  readonly lead: string;
}

function branchesOf(view: ProcessView, growth: Growth, own = ""): readonly Branch[] {
  const children = growth.processes.filter(({ parent }) => parent === view.pid);
  const [tee, corner, bar] = canDraw(growth.look) ? ["├─ ", "└─ ", "│  "] : ["|- ", "`- ", "|  "];
  const below = children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    const lead = growth.lead + (isLast ? "   " : bar);
    return branchesOf(child, { ...growth, lead }, growth.lead + (isLast ? corner : tee));
  });
  return [{ view, lead: own }, ...below];
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  D: "  waits for a device",
  T: "  stopped",
  t: "  stopped by a debugger",
  Z: "  has ended",
};

function stateWordsOf(state: string): string {
  return STATE_WORDS[state] ?? "";
}
