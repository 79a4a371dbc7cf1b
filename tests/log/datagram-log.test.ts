import { describe, expect, test } from "bun:test";
import { type DatagramLine, DatagramLog } from "../../src/log/datagram-log.ts";
import type { Block } from "../../src/log/line-framer.ts";
import type { LossNews } from "../../src/log/loss-tally.ts";
import type { Source } from "../../src/log/source.ts";

const DAEMON = { name: "syslog", facility: "daemon" } as const;
const SOURCE: Source = { service: "web", pid: 7, stream: "stdout", at: 5_000_000, pipe: {} };

function blockOf(text: string, flags: Partial<Pick<Block, "continues" | "unfinished">> = {}): Block {
  const bytes = new TextEncoder().encode(text);
  return { bytes, start: 0, end: bytes.length, continues: false, unfinished: false, ...flags };
}

/** A log whose daemon answers as `outcome` says. */
function makeLog(outcome: { now: "sent" | "full" | "gone" }) {
  const sent: DatagramLine[] = [];
  const problems: { readonly message: string; readonly recovered: boolean }[] = [];
  const send = (line: DatagramLine) => {
    if (outcome.now === "sent") sent.push(line);
    return outcome.now;
  };
  const losses: LossNews[] = [];
  const log = new DatagramLog({
    send,
    report: (message, recovered) => void problems.push({ message, recovered }),
    lost: (loss) => void losses.push(loss),
  });
  return { sent, problems, losses, log };
}

describe("service output for syslog", () => {
  test("goes out a line each, under the service's name and pid, stdout as info, stderr as err", () => {
    const { sent, log } = makeLog({ now: "sent" });
    log.write(blockOf("one\n\ntwo\n"), SOURCE, { name: "syslog", facility: "local3" });
    log.write(blockOf("<2>bad\nworse\n"), { ...SOURCE, stream: "stderr" }, DAEMON);
    const rest = { at: 5000, tag: "web", pid: 7 };
    expect(sent).toEqual([
      { ...rest, facility: "local3", severity: "info", text: "one" },
      { ...rest, facility: "local3", severity: "info", text: "two" },
      { ...rest, facility: "daemon", severity: "crit", text: "bad" },
      { ...rest, facility: "daemon", severity: "err", text: "worse" },
    ]);
  });

  test("of a long line goes out in marked pieces", () => {
    const { sent, log } = makeLog({ now: "sent" });
    log.write(blockOf("x".repeat(5000), { unfinished: true }), SOURCE, DAEMON);
    log.write(blockOf("end\n", { continues: true }), SOURCE, DAEMON);
    expect(sent.map(({ text }) => text)).toEqual([
      `${"x".repeat(4096)} [...]`,
      `[...] ${"x".repeat(904)} [...]`,
      "[...] end",
    ]);
  });

  test("is dropped when the daemon does not take it, which is said once at the beginning and once at the end", () => {
    const outcome: { now: "sent" | "full" | "gone" } = { now: "full" };
    const { sent, problems, losses, log } = makeLog(outcome);
    log.write(blockOf("one\ntwo\n"), SOURCE, DAEMON);
    outcome.now = "gone";
    log.write(blockOf("three\n"), SOURCE, DAEMON);
    outcome.now = "sent";
    log.write(blockOf("four\nfive\n"), SOURCE, DAEMON);
    expect(sent.map(({ text }) => text)).toEqual(["four", "five"]);
    expect(problems.map(({ recovered }) => recovered)).toEqual([false, true]);
    expect(problems[1]?.message).toContain("3 lines were dropped");
    const loss = { service: "web", sink: "syslog", lines: 1 };
    expect(losses).toEqual([
      { ...loss, reason: "slow" },
      { ...loss, reason: "slow" },
      { ...loss, reason: "failed" },
    ]);
  });
});
