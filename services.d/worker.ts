// A worker that does one job after the other, and finishes the one at hand when it is asked to stop.

import { setTimeout as wait } from "node:timers/promises";

const pauseMs = Number(process.env["EVERY_SECONDS"] ?? "5") * 1000;
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());

for (let candidate = 1_000_000; !stop.signal.aborted; candidate++) {
  candidate = nextPrimeFrom(candidate);
  console.log(`found the prime ${candidate}`);
  // Ends at once when there is to be no next job.
  await wait(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined);
}
console.log("stopped after the job at hand");
process.exit(0);

function nextPrimeFrom(start: number): number {
  let number = start;
  while (!isPrime(number)) number++;
  return number;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return true;
}
