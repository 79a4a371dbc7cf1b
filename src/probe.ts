/*
 * The role in which a version that is to come says whether it could go on from what the one at work has written down: it reads
 * it as a successor would, from copies, and touches nothing else. Part of the composition root.
 */
import { readFileSync } from "node:fs";
import { decodeConfiguration } from "./config/configuration-text.ts";
import type { Definition } from "./core/definition.ts";
import { fileReadersOf } from "./core/dropped-files.ts";
import { logPlacesOf } from "./core/log-place.ts";
import { configurationFileOf, recordsFileOf, stateFileOf } from "./core/paths.ts";
import { bootAndNamespace } from "./daemon-memory.ts";
import { ServiceRecords } from "./daemon-records.ts";
import { openStateMapping } from "./os/state-mapping.ts";
import { type ProbeAnswer, type ProbeRole, frameText } from "./role.ts";
import { VERSION } from "./version.ts";

/** In the place of the usual file of a service: which one that is matters to nothing here. */
const ANY_FILE = "/log";

export function tellProbe(role: ProbeRole): void {
  const answer: ProbeAnswer = { version: VERSION, problems: probeProblemsOf(role.copies) };
  process.stdout.write(frameText(JSON.stringify(answer)));
}

/** Why this version could not go on with what is written down in this directory; none: it could. Never throws. */
export function probeProblemsOf(copies: string): readonly string[] {
  try {
    const reading = decodeConfiguration(readFileSync(configurationFileOf(copies), "utf8"));
    if (reading.tag === "rejected") return reading.problems;
    const bootId = bootAndNamespace();
    const opened = openStateMapping(stateFileOf(copies), { bootId, pid: process.pid });
    if (opened.tag === "failed") return [opened.message];
    const records = ServiceRecords.open(recordsFileOf(copies), { bootId });
    records.goOn();
    const { saved, problems } = records.begin(reading.definitions);
    const inRecords = [...saved.values()].flatMap(({ record }) => [record.definition, record.next ?? []].flat());
    const output = [...new Set([...reading.definitions, ...inRecords])].flatMap(outputProblemsOf);
    return [...opened.problems, ...records.problems, ...problems, ...output];
  } catch (error) {
    return [messageOf(error)];
  }
}

/** A definition may be read and lack all the same what the replacement would stumble over when it gives the output its ways. */
function outputProblemsOf({ name, log }: Definition): readonly string[] {
  try {
    logPlacesOf(log, ANY_FILE);
    fileReadersOf(name, log, ANY_FILE);
    return [];
  } catch (error) {
    return [`${name}: cannot tell where its output goes: ${messageOf(error)}`];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
