import { expect, test } from "bun:test";
import { candidatesFor } from "../../src/cli/completion-candidates.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { runCommand } from "../../src/cli/run-command.ts";
import { literalWorld } from "./literal-world.ts";

/** The line up to the cursor, and what may stand there; "DIR" where the shell itself looks for directories. */
const LINES: readonly (readonly [line: string, offered: string])[] = [
  ["", Object.keys(COMMANDS).join(" ")],
  ["re", "restart reset reload"],
  ["--re", "--ready-timeout"],
  ["--config ", "DIR"],
  ["--config=", "DIR"],
  ["--config /etc/services.d --fo", "--foreground"],
  ["--config /etc/services.d --allow-empty --n", "--no-guardian --name"],
  ["--config /etc/services.d --st", "--stop-timeout --strict --state-dir"],
  ["--he", "--help"],
  ["--name x sta", "status start"],
  ["status --js", "--json"],
  ["status --json --js", ""],
  ["graph --format ", "text dot mermaid"],
  ["graph --format=m", "--format=mermaid"],
  ["graph --json=", ""],
  ["check ", "DIR"],
  ["check one ", ""],
  ["signal KI", "KILL"],
  ["help sh", "shutdown"],
  ["help help ", ""],
  ["completion ", "bash zsh fish"],
  ["start --timeout ", ""],
  ["nonsense ", ""],
  ["status -- --j", ""],
];

test.each(LINES)("after %p stands what may stand there", async (line, offered) => {
  const found = await candidatesFor(line.split(" "), literalWorld());
  const shown = found.tag === "directories" ? ["DIR"] : found.candidates.map(({ word }) => word);
  expect(shown.join(" ")).toBe(offered);
});

test("an unknown shell is refused with the one that was meant", async () => {
  const world = literalWorld();
  expect(await runCommand(["completion", "bsh"], world)).toBe(2);
  expect(world.written.err).toBe('cannot complete for "bsh": want one of bash, zsh, fish (did you mean "bash"?)\n');
});
