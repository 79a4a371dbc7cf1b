import { writeSync } from "node:fs";
import { openRecordFile } from "../../src/os/record-file.ts";

/* Writes numbers to eight keys in turn until it is killed, and tells each on descriptor 1 once it is written. */
const opening = openRecordFile(process.argv[2] ?? "", { bootId: "boot", version: 1, convert: () => null });
if (opening.tag === "failed") throw new Error(opening.message);
const told = Buffer.alloc(4);
const long = "x".repeat(1_000);

for (let number = 0; ; number++) {
  const failure = opening.file.write(String(number % 8), `${number} ${long}`);
  if (failure !== null) throw new Error(failure);
  told.writeUInt32LE(number);
  writeSync(1, told);
}
