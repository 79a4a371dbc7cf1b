import { cpus, loadavg, release, totalmem } from "node:os";

/** What the figures depend on, without a name of the machine. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim().replace(/\s+/g, " ") ?? "unknown processor";
  // The rest of the release is the builder's own.
  const kernel = release().split("-")[0] ?? "";
  return `${processors.length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${kernel}, Bun ${Bun.version}`;
}

/** Processes that wanted to run, on average over the last minute. */
export function loadNow(): string {
  return (loadavg()[0] ?? 0).toFixed(2);
}
