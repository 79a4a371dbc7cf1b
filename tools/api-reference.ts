/*
 * Fills in docs/api.md what can be told by the program itself: the table of routes, and below each command of an example what
 * it really answers, asked of the built program in a directory of its own. A test compares.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXCHANGES } from "../src/control/exchanges.ts";
import { ROUTE_NAMES, ROUTES } from "../src/control/routes.ts";
import { PROJECT } from "./toolchain.ts";

export const API_REFERENCE = join(PROJECT, "docs/api.md");
const BINARY = join(PROJECT, "dist/daemonsup");

const TABLE = /(<!-- routes -->\n)[\s\S]*?(<!-- \/routes -->)/;
const EXAMPLE = /```console\n\$ (.*)\n([\s\S]*?)```/g;

const EXAMPLE_SERVICES = {
  "web.toml": 'description = "The shop"\ncommand = ["sleep", "1000"]\n',
  "report.toml": 'type = "oneshot"\nstart = "manual"\ncommand = ["echo", "all is well"]\n',
};

/** What differs each time, and what stands for it. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-01-02T03:04:05.678Z"],
  [/(?<key>"pid": ?)\d+/g, "$<key>4242"],
  [/(?<key>"uptime_ms": ?)\d+/g, "$<key>1500"],
  [/(id: \d+\.)[0-9a-z]+/g, "$1mk8p1f2s"],
  [/^(\w*(?:start_time_seconds|cpu_seconds_total|memory_bytes)(?:\{.*\})?) [\d.]+$/gm, "$1 1.5"],
  [/"config": ?"[^"]+"/g, '"config": "/etc/daemonsup/services.d"'],
  [/(?<key>"runtime": ?)"\/[^"]+"/g, '$<key>"/run/daemonsup"'],
  [/(?<key>"state": ?)"\/[^"]+"/g, '$<key>"/var/lib/daemonsup"'],
  [/(?<key>"log": ?)"\/[^"]+"/g, '$<key>"/var/log/daemonsup"'],
  [/"binary": ?"[^"]+"/g, '"binary": "/usr/local/bin/daemonsup"'],
  [/"version": ?"[^"]+"/g, '"version": "0.1.0"'],
  [/^date: .*$/gm, "date: Fri, 02 Jan 2026 03:04:05 GMT"],
];

/** The text with its table as the routes are. */
export function withRoutes(text: string): string {
  const rows = ROUTE_NAMES.map((name) => {
    const { method, path, access } = ROUTES[name];
    return `| \`${method} ${path.replace(/:(\w+)/g, (_, word: string) => word.toUpperCase())}\` | ${access} | ${EXCHANGES[name].summary} |`;
  });
  const table = ["| route | access | what it is for |", "| --- | --- | --- |", ...rows].join("\n");
  return text.replace(TABLE, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
}

/** The text with what its commands answer now. Needs the built program, curl and jq. */
export async function withAnswers(text: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "ds-api-"));
  const places = ["run", "state", "log"].flatMap((name, index) => [
    ["--runtime-dir", "--state-dir", "--log-dir"][index] ?? "",
    join(directory, name),
  ]);
  const definitions = join(directory, "services.d");
  mkdirSync(definitions, { mode: 0o755 });
  for (const [name, content] of Object.entries(EXAMPLE_SERVICES)) writeFileSync(join(definitions, name), content);
  try {
    await say([BINARY, "--config", definitions, ...places], {});
    const commands = [...text.matchAll(EXAMPLE)].map(([, command = ""]) => command);
    const answers: string[] = [];
    for (const command of commands)
      answers.push(await say(["sh", "-c", command], { SOCKET: join(directory, "run/control.sock") }));
    await say([BINARY, "shutdown", "--runtime-dir", join(directory, "run")], {});
    return text.replace(
      EXAMPLE,
      (_, command: string) => `\`\`\`console\n$ ${command}\n${answers.shift() ?? ""}\n\`\`\``,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function say(command: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  });
  const [out] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  const plain = out
    .replaceAll("\r", "")
    .replace(/^[ \t]+$/gm, "")
    .trim();
  return VOLATILE.reduce((answer, [pattern, standsFor]) => answer.replace(pattern, standsFor), plain);
}

if (import.meta.main) {
  const text = readFileSync(API_REFERENCE, "utf8");
  writeFileSync(API_REFERENCE, await withAnswers(withRoutes(text)));
}
