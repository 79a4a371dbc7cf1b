/*
 * The one program and its roles: what its own variable in the environment says, otherwise the command that the user
 * typed. Nothing is loaded before it is known to be needed.
 */
import { ROLE_VARIABLE, parseRole } from "./role.ts";

const text = process.env[ROLE_VARIABLE];
delete process.env[ROLE_VARIABLE];
const role = text === undefined ? null : parseRole(text);
if (role?.tag === "guardian") {
  const { runGuardian } = await import("./guardian.ts");
  runGuardian(role);
} else if (role?.tag === "supervisor") {
  const { runSupervisor } = await import("./daemon.ts");
  await runSupervisor(role);
} else if (role?.tag === "reading") {
  const { tellConfiguration } = await import("./load-configuration.ts");
  tellConfiguration(role);
} else if (role?.tag === "probe") {
  const { tellProbe } = await import("./probe.ts");
  tellProbe(role);
} else {
  const { runCommandLine } = await import("./command-line.ts");
  // Everything is said and written by now: waiting for what the runtime would still tidy up is of no use to anybody.
  process.exit(await runCommandLine(process.argv.slice(2)));
}
