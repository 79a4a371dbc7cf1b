/** Takes every descriptor that there is, and says what is seen of processes then: a program of its own, as it harms its process. */
import { openSync } from "node:fs";
import { readChildren, readProcess, readProcessTable } from "../../src/os/processes.ts";

readProcess(process.pid);
const taken: number[] = [];
try {
  for (;;) taken.push(openSync("/dev/null", "r"));
} catch {
  // There is none left.
}
const seen: string[] = [];
for (let round = 0; round < 3; round++) {
  seen.push(String(readProcess(process.pid)?.pid === process.pid));
  seen.push(String(readProcessTable().some(({ pid }) => pid === process.pid)));
  seen.push(String(readChildren(process.pid) !== null));
}
let isFull = false;
try {
  openSync("/dev/null", "r");
} catch {
  isFull = true;
}
process.stdout.write(`${taken.length > 10} ${isFull} ${seen.join(" ")}\n`);
