/* Has a program say whether it could go on with what is written down here. Part of the composition root. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { configurationFileOf, probeDirectoryOf, recordsFileOf, stateFileOf } from "./core/paths.ts";
import { millis } from "./core/units.ts";
import { type HelperPorts, type HelperSpeech, runHelper } from "./daemon-helper.ts";
import { dropCopies } from "./daemon-kept-records.ts";
import { copyFile } from "./os/copy-file.ts";
import { errorCodeOf } from "./os/error-code.ts";
import { type ProbeAnswer, type SupervisorRole, parseFrames } from "./role.ts";

export type Probed =
  | { readonly tag: "able"; readonly version: string }
  /** `reason` is a clause: "it ended without an answer". */
  | { readonly tag: "unable"; readonly reason: string };

const TIMEOUT = millis(10_000);
const MOST_BYTES = 64 * 1024;
/** Of what a program says that is no daemonsup, and of what one says that cannot go on. */
const MOST_SHOWN = 200;
/** What it is passed as; the path is right in the child alone. */
const PROGRAM = "/proc/self/fd/3";

/** `binary`: the open file of the program. What is written down may change meanwhile: it is copied first. */
export async function probeProgram(role: SupervisorRole, binary: number, ports: HelperPorts): Promise<Probed> {
  const { options, directories, invokingUid } = role;
  const copies = probeDirectoryOf(directories.runtime);
  try {
    copyAll(directories.runtime, copies);
    const probe = { tag: "probe", options, directories, invokingUid, copies } as const;
    const helper = { path: PROGRAM, title: "probe", role: probe, passed: binary };
    return judge(await runHelper({ ...helper, timeout: TIMEOUT, most: MOST_BYTES }, ports));
  } catch (error) {
    return { tag: "unable", reason: `its records cannot be copied: ${errorCodeOf(error)}` };
  } finally {
    dropCopies(directories.runtime);
  }
}

function copyAll(runtime: string, copies: string): void {
  rmSync(copies, { recursive: true, force: true });
  mkdirSync(copies, { mode: 0o700 });
  for (const pathOf of [configurationFileOf, stateFileOf, recordsFileOf])
    if (existsSync(pathOf(runtime))) copyFile(pathOf(runtime), pathOf(copies));
}

function judge({ text, cut }: HelperSpeech): Probed {
  if (cut === "late") return unable(`it did not answer within ${TIMEOUT / 1000} s`);
  if (cut === "long") return unable("it says more than an answer, and is no daemonsup");
  const { frames, other } = parseFrames(text);
  const answer = parseAnswer(frames[0]);
  if (answer === null) {
    const said = shown(other.trim());
    return unable(
      `it is no daemonsup that could go on from here: it ${said === "" ? "said nothing" : `said "${said}"`}`,
    );
  }
  const { version, problems } = answer;
  if (problems.length === 0) return { tag: "able", version };
  return unable(`version ${version} cannot go on with what is written down: ${shown(problems.join("; "))}`);
}

function parseAnswer(text: string | undefined): ProbeAnswer | null {
  try {
    const { version, problems } = JSON.parse(text ?? "") as Partial<ProbeAnswer>;
    const isAnswer = typeof version === "string" && version.length < MOST_SHOWN && Array.isArray(problems);
    return isAnswer ? { version, problems: problems.map(String) } : null;
  } catch {
    return null;
  }
}

function unable(reason: string): Probed {
  return { tag: "unable", reason };
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length <= MOST_SHOWN ? line : `${line.slice(0, MOST_SHOWN)}...`;
}
