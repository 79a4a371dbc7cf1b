/*
 * The role in which a version that is to come says whether it could go on from what the one at work has written down: it reads
 * it as a successor would, from copies, and touches nothing else. Part of the composition root.
 */
import { readFileSync } from "node:fs";
import { decodeConfiguration } from "./config/configuration-text.ts";
import { configurationFileOf, recordsFileOf, stateFileOf } from "./core/paths.ts";
import { bootAndNamespace } from "./daemon-memory.ts";
import { ServiceRecords } from "./daemon-records.ts";
import { openStateMapping } from "./os/state-mapping.ts";
import { type ProbeAnswer, type ProbeRole, frameText } from "./role.ts";
import { VERSION } from "./version.ts";

export function tellProbe(role: ProbeRole): void {
  const answer: ProbeAnswer = { version: VERSION, problems: problemsOf(role) };
  process.stdout.write(frameText(JSON.stringify(answer)));
}

function problemsOf({ copies }: ProbeRole): readonly string[] {
  try {
    const reading = decodeConfiguration(readFileSync(configurationFileOf(copies), "utf8"));
    if (reading.tag === "rejected") return reading.problems;
    const bootId = bootAndNamespace();
    const opened = openStateMapping(stateFileOf(copies), { bootId, pid: process.pid });
    if (opened.tag === "failed") return [opened.message];
    const records = ServiceRecords.open(recordsFileOf(copies), { bootId });
    return [...opened.problems, ...records.problems, ...records.begin(reading.definitions).problems];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
