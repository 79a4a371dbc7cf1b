import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

const PROJECT = join(import.meta.dir, "..");
const MOST_LINES = 300;

interface Room {
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

/** What each room of src may import beside itself: the table of DESIGN.md. */
const ROOMS: Readonly<Record<string, Room>> = {
  core: { rooms: [], packages: [] },
  config: { rooms: ["core"], packages: ["zod", "toml-eslint-parser", "yaml"] },
  control: { rooms: ["core"], packages: [] },
  os: { rooms: ["core"], packages: [] },
  log: { rooms: ["core"], packages: [] },
  reading: { rooms: ["core", "log"], packages: [] },
  supervisor: { rooms: ["core", "config", "log"], packages: [] },
  cli: { rooms: ["core", "config", "control"], packages: [] },
  web: { rooms: ["core", "config", "control"], packages: [] },
  "std-log": { rooms: [], packages: [] },
};

/** The only files outside the rooms; they put the house together and may import everything. */
const COMPOSITION_ROOTS = [
  "main.ts",
  "version.ts",
  "command-line.ts",
  "probe.ts",
  "world.ts",
  "role.ts",
  "run-program.ts",
  "full-screen.ts",
  "launch.ts",
  "load-configuration.ts",
  "guardian.ts",
  "guardian-children.ts",
  "guardian-held.ts",
  "guardian-life.ts",
  "guardian-messages.ts",
  "guardian-signals.ts",
  "guardian-succession.ts",
  "guardian-upgrade.ts",
  "guardian-user.ts",
  "daemon-last-words.ts",
  "daemon.ts",
  "daemon-announcement.ts",
  "daemon-attempts.ts",
  "daemon-beginning.ts",
  "daemon-children.ts",
  "daemon-configuration.ts",
  "daemon-control.ts",
  "daemon-control-socket.ts",
  "daemon-ending.ts",
  "daemon-estate.ts",
  "daemon-failure.ts",
  "daemon-files.ts",
  "daemon-first-answers.ts",
  "daemon-guardian.ts",
  "daemon-helper.ts",
  "daemon-history.ts",
  "daemon-housekeeping.ts",
  "daemon-kept-records.ts",
  "daemon-knocks.ts",
  "daemon-logs.ts",
  "daemon-direct-logs.ts",
  "daemon-looks.ts",
  "daemon-manager.ts",
  "daemon-memory.ts",
  "daemon-notify.ts",
  "daemon-places.ts",
  "daemon-plane.ts",
  "daemon-plane-files.ts",
  "daemon-ports.ts",
  "daemon-probe.ts",
  "daemon-reading.ts",
  "daemon-scaling.ts",
  "daemon-serving.ts",
  "daemon-signals.ts",
  "daemon-sockets.ts",
  "daemon-succession.ts",
  "daemon-times.ts",
  "daemon-upgrade.ts",
  "daemon-worker.ts",
  "io-worker.ts",
  "read-files.ts",
  "read-worker.ts",
  "compress-worker.ts",
  "daemon-records.ts",
  "daemon-relay.ts",
  "look-worker.ts",
  "history-worker.ts",
  "relay-worker.ts",
  "syslog-worker.ts",
];

// Only what is written as an import counts, not a message with the word "from" in it. Sees `import type`, which the
// runtime's own scanner leaves out.
const IMPORTS = [
  /^(?:import|export)\s[\w$*{},\s]*?from\s+"([^"]+)"/gm,
  /^import\s+"([^"]+)"/gm,
  /\bimport\(\s*["'`]([^"'`]+)["'`]/g,
  /\brequire\(\s*["'`]([^"'`]+)["'`]/g,
];

const IMPURE =
  /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|Date\.now|Math\.random|performance\.|process\.|Bun\.)|\bnew Date\(\)/;

const SOURCES = filesOf("src/**/*.ts").map((path) => ({ path: path.slice("src/".length), text: read(path) }));

describe("the rooms of src", () => {
  test("are those of the table, with nothing beside them but the composition roots", () => {
    const entries = readdirSync(join(PROJECT, "src"), { withFileTypes: true });
    const known = (name: string, isRoom: boolean) => (isRoom ? name in ROOMS : COMPOSITION_ROOTS.includes(name));
    expect(entries.filter((entry) => !known(entry.name, entry.isDirectory())).map((entry) => entry.name)).toEqual([]);
  });

  test("import only what the table allows them", () => {
    const offences = SOURCES.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((specifier) => !mayImport(path, specifier))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(offences).toEqual([]);
  });

  test("leave time, chance and processes out of the core", () => {
    const core = SOURCES.filter(({ path }) => path.startsWith("core/"));
    expect(core.length).toBeGreaterThan(0);
    expect(core.filter(({ text }) => IMPURE.test(withoutComments(text))).map(({ path }) => path)).toEqual([]);
  });

  test("create processes only through the native spawn", () => {
    const spawning = /\bBun\.(?:spawn|spawnSync|\$)|child_process/;
    expect(SOURCES.filter(({ text }) => spawning.test(withoutComments(text))).map(({ path }) => path)).toEqual([]);
  });
});

describe("the table of imports", () => {
  const allowed = [
    ["core/step.ts", "./units.ts"],
    ["config/load.ts", "zod"],
    ["config/deep/load.ts", "../../core/units.ts"],
    ["os/spawn.ts", "bun:ffi"],
    ["os/spawn.ts", "./native.c"],
    ["log/sink.ts", "node:fs"],
    ["supervisor/loop.ts", "@std/log"],
    ["daemon.ts", "./os/spawn.ts"],
    ["main.ts", "../package.json"],
  ] as const;
  const refused = [
    ["core/step.ts", "node:fs"],
    ["core/step.ts", "bun"],
    ["core/step.ts", "zod"],
    ["core/step.ts", "@std/log"],
    ["core/step.ts", "../config/load.ts"],
    ["log/sink.ts", "bun:ffi"],
    ["daemon.ts", "bun:ffi"],
    ["log/sink.ts", "zod"],
    ["control/server.ts", "zod/mini"],
    ["config/load.ts", "zodiac"],
    ["control/server.ts", "yaml"],
    ["supervisor/loop.ts", "../os/spawn.ts"],
    ["cli/status.ts", "../supervisor/loop.ts"],
    ["cli/status.ts", "../main.ts"],
    ["cli/status.ts", "../std-log/mod.ts"],
  ] as const;

  test.each(allowed)("lets %s import %s", (path, specifier) => expect(mayImport(path, specifier)).toBe(true));
  test.each(refused)("does not let %s import %s", (path, specifier) => expect(mayImport(path, specifier)).toBe(false));

  test("applies to every way of importing", () => {
    const text = [
      'import { a } from "a";',
      'import type { B } from "b";',
      'import {\n  c,\n  type D,\n} from "c";',
      'import e, * as f from "d";',
      'export * from "e";',
      'export { g } from "f";',
      'import "g";',
      'const h = await import("h");',
      'type I = import("i").I;',
      'const text = `cannot tell "x" from "y"`;',
    ].join("\n");
    expect(importsOf(text).sort()).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
  });
});

describe("a file of src", () => {
  test(`has at most ${MOST_LINES} lines`, () => {
    const long = SOURCES.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
    expect(long.filter(({ lines }) => lines > MOST_LINES)).toEqual([]);
  });

  test("is named after one idea, in kebab-case", () => {
    const isNamed = (path: string) => /^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(basename(path));
    const isVague = (path: string) => ["index.ts", "utils.ts", "util.ts", "helpers.ts"].includes(basename(path));
    expect(SOURCES.map(({ path }) => path).filter((path) => !isNamed(path) || isVague(path))).toEqual([]);
  });

  test("has no default export", () => {
    const hasDefault = (text: string) => /^export default\b|\bas default\b/m.test(text);
    expect(SOURCES.filter(({ text }) => hasDefault(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe("the repository", () => {
  test("names no host of a package registry: which one is used is the machine's affair", () => {
    const hosts = new RegExp(["npm" + "js", "yarn" + "pkg"].join("|"), "i");
    expect(filesOf("**/*").filter((path) => hosts.test(read(path)))).toEqual([]);
  });

  test("locks its dependencies without addresses", () => {
    expect(read("bun.lock")).not.toMatch(/https?:/);
  });
});

/** path is relative to src. */
function mayImport(path: string, specifier: string): boolean {
  const room = roomOf(path);
  if (specifier === "bun:ffi") return room === "os";
  if (room === null) return true;
  if (specifier.startsWith(".")) {
    const target = roomOf(normalize(join(dirname(path), specifier)));
    return target !== null && (target === room || ROOMS[room]?.rooms.includes(target) === true);
  }
  if (/^(?:node:|bun:|bun$|@std\/log$)/.test(specifier)) return room !== "core";
  return ROOMS[room]?.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`)) === true;
}

/** null: not in a room. */
function roomOf(path: string): string | null {
  const [first, ...rest] = path.split("/");
  return first !== undefined && rest.length > 0 && first in ROOMS ? first : null;
}

function importsOf(text: string): string[] {
  return IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ""));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

function filesOf(pattern: string): string[] {
  const isOurs = (path: string) => !/^(?:node_modules|dist|build|\.git)\//.test(path) && !path.endsWith(".log");
  return [...new Bun.Glob(pattern).scanSync({ cwd: PROJECT, dot: true })].filter(isOurs).sort();
}

function read(path: string): string {
  return readFileSync(join(PROJECT, path), "utf8");
}
