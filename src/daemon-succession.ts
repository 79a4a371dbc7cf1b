/* How the supervisor takes the place of its guardian, should that die. Part of the composition root. */
import { writeSync } from "node:fs";
import { SIGNAL_NUMBERS } from "./core/signal-names.ts";
import { type Estate, writeManifest } from "./daemon-estate.ts";
import { errnoNameOf } from "./os/errno-names.ts";
import { NativeBlock } from "./os/native-block.ts";
import { loadNative } from "./os/native.ts";
import { openLogPipe } from "./os/pipe-io.ts";
import { type GuardianRole, OWN_PROGRAM, type SupervisorRole, roleArguments, roleEnvironment } from "./role.ts";
import type { Report } from "./supervisor/ports.ts";

const CANNOT = "cannot take the place of the guardian, which has died";

/**
 * Executes this program as guardian, in place: the services stay the children of this process, and the descriptors of the estate
 * open. The guardian then starts another supervisor, which goes on as after a death. Returns only if that is not possible.
 */
export function becomeGuardian(
  role: SupervisorRole,
  given: { readonly estate: Estate; readonly report: Report; readonly isEnding: boolean },
): void {
  const { estate, report, isEnding } = given;
  const before = `the guardian (pid ${role.guardian?.pid}) has died; the supervisor (pid ${process.pid}) has taken its place`;
  const { options, directories, invokingUid, program } = role;
  const pipe = openLogPipe();
  if (pipe.tag === "failed") return report("crit", `${CANNOT}: pipe failed: ${pipe.errno}`);
  // As if it came while this process is executed: the guardian has the next supervisor go on with it.
  if (isEnding) writeSync(pipe.ends.write, Uint8Array.of(SIGNAL_NUMBERS.SIGTERM));
  const { manifest } = estate;
  const list = writeManifest(manifest);
  const guardian: GuardianRole = {
    tag: "guardian",
    options,
    directories,
    invokingUid,
    handover: null,
    signalPipe: pipe.ends.read,
    // It has no terminal, wherever the one before was started.
    endsOnHangup: false,
    estate: list,
    program,
    ward: null,
    // This process has no time left to say it.
    before,
  };
  const image = { path: OWN_PROGRAM, argv: roleArguments(guardian), env: roleEnvironment(guardian, process.env) };
  const block = new NativeBlock();
  block.encodeRole(image, [pipe.ends.read, list, ...manifest.values()]);
  const errno = loadNative().replace(block.address, pipe.ends.write);
  report("crit", `${CANNOT}: exec failed: ${errnoNameOf(errno)}`);
}
