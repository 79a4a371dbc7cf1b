/*
 * Writes entries to a history file, each in a batch of its own, as fast as it can, and says the number of each on a line once
 * it is written; until somebody kills it. Arguments: the file, the name of the session.
 */
import { writeSync } from "node:fs";
import { millis } from "../../src/core/units.ts";
import { openHistory } from "../../src/os/history-file.ts";
import { HistoryStore } from "../../src/os/history-store.ts";
import { endOf, eventOf, runOf, second } from "../core/literal-history.ts";

const [path = "", session = ""] = process.argv.slice(2);
const policy = { keep: 100_000, keepAge: millis(86_400_000), keepSize: 64 * 1024 * 1024, lines: 50 };
const opened = openHistory(path, policy.keepSize);
if (opened.tag === "failed") throw new Error(opened.message);
if (opened.aside !== null) throw new Error(opened.aside);
const store = new HistoryStore(opened.db, { session, goOn: [] }, second(0));
const lines = Array.from({ length: 20 }, () => ({ at: second(1), stream: "stdout", text: "x".repeat(500) }) as const);
for (let number = 1; ; number++) {
  const report = { lines, areLinesOlder: false, own: [] };
  const run = runOf(number, { end: endOf({ at: second(number), reason: `exited ${number % 5}`, report }) });
  store.store([eventOf(number, { message: `change ${number}` }), run], policy, second(number));
  writeSync(1, `${number}\n`);
}
