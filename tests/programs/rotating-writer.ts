/*
 * Writes numbered lines into a log that is rotated every few lines and compressed in between, without end; says "r" for each
 * rotation. Arguments: the directory, the first number, the compression.
 */
import { writeSync } from "node:fs";
import type { Compression } from "../../src/core/log-policy.ts";
import { RotatingLog } from "../log/rotating-log.ts";

const [directory = "", first = "0", compress = "zstd"] = process.argv.slice(2);
const log = new RotatingLog(directory);
log.open({ maxSize: 500, keep: 40, compress: compress as Compression });
let begun: { finishJob(): void } | null = null;
for (let number = Number(first); ; number++) {
  log.at = Date.now() * 1000;
  log.write(`${number} ${"x".repeat(number % 40)} end\n`);
  // A compression spans some writes, and sometimes a rotation.
  if (number % 7 !== 0) continue;
  if (begun !== null) {
    begun.finishJob();
    begun = null;
    writeSync(1, "r");
  } else if (log.job !== null) {
    begun = log.startJob();
  }
}
