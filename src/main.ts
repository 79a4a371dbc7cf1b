/*
 * The one program and its roles: with its own variable in the environment it is the supervisor, otherwise the command
 * that the user typed. Nothing is loaded before it is known to be needed.
 */
import { ROLE_VARIABLE } from "./role.ts";

const role = process.env[ROLE_VARIABLE];
if (role !== undefined) {
  delete process.env[ROLE_VARIABLE];
  const { runSupervisor } = await import("./daemon.ts");
  await runSupervisor(JSON.parse(role));
} else {
  const { runCommand } = await import("./cli/run-command.ts");
  const { makeWorld } = await import("./world.ts");
  process.exitCode = await runCommand(process.argv.slice(2), makeWorld());
}
