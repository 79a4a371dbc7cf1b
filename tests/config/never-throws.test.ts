import { afterAll, test } from "bun:test";
import fc from "fast-check";
import { makePlace } from "./load-texts.ts";
import { renderProblem } from "../../src/config/problem.ts";
import { parseEnvironmentText } from "../../src/config/environment-text.ts";

const place = makePlace();
afterAll(() => place[Symbol.dispose]());

/** A machine that is slow tries fewer cases, in milliseconds. */
const LONG_ENOUGH_MS = 10_000;

const FILES = ["web.toml", "web2.yaml", "web3.json", "daemonsup.toml"];

/** Pieces that definitions are made of, so that random texts get past the parsers. */
const PIECES = [
  ...Array.from("[]{}=:,.\"'#-&*!|>\n\r\t \\0179eE"),
  ..."command type stop timeout restart policy environment limits log to defaults __proto__ null true ~ << requires hooks ready ${A} $$ %i".split(
    " ",
  ),
  'command = ["true"]\n',
  "[restart]\n",
  "[environment]\n",
  '"""',
  "'''",
  "\ufeff",
  "\u2028",
  "\ud83d\ude00",
  "2026-01-01",
];

/** Anything that comes back must also be fit to be printed. */
function load(name: string, content: string | Uint8Array): void {
  for (const file of FILES) place.write(file, "");
  place.write(name, content);
  const result = place.load();
  const problems = result.tag === "rejected" ? result.problems : result.faults.map((fault) => fault.problem);
  for (const problem of problems) {
    const shown = renderProblem(problem);
    const [first = ""] = shown.split("\n");
    if (!/^services\.d\/[^:]+:[1-9][0-9]*:[1-9][0-9]*: cannot /.test(first))
      throw new Error(`not the form of a problem: ${first}`);
    if (/[\0-\x08\x0b-\x1f\x7f]/.test(shown)) throw new Error(`control characters in ${JSON.stringify(shown)}`);
  }
}

for (const name of FILES) {
  test(`no bytes in ${name} make the loader throw`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => load(name, bytes)),
      { numRuns: 150, interruptAfterTimeLimit: LONG_ENOUGH_MS },
    );
  });

  test(`no text in ${name} makes the loader throw`, () => {
    const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, (content) => load(name, content)),
      { numRuns: 400, interruptAfterTimeLimit: LONG_ENOUGH_MS },
    );
  });
}

test("no value of any key makes the loader throw", () => {
  const keys = [
    "command",
    "type",
    "nice",
    "environment",
    "environment_file",
    "restart",
    "stop",
    "reload",
    "limits",
    "log",
    "user",
    "umask",
    "requires",
    "wants",
    "before",
    "conflicts",
    "instances",
    "ready",
    "health",
    "watchdog",
    "fd_store",
    "sockets",
    "hooks",
    "condition",
    "schedule",
    "watch",
  ];
  const inner = [
    "policy",
    "delay",
    "limit",
    "success",
    "signal",
    "command",
    "nofile",
    "to",
    "soft",
    "path",
    "__proto__",
    "A",
    "name",
    "listen",
    "http",
    "fd",
    "log",
    "timeout",
    "before_start",
    "on_failure",
    "start",
    "cron",
    "every",
    "path_exists",
    "paths",
    "file",
  ];
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        -1,
        1e300,
        "",
        "10s",
        "SIGTERM",
        "always",
        "x\0y",
        "unlimited",
        "web3",
        "${A:-${B}}",
        "$${",
        "%i",
        ":80",
        "/x",
      ),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...inner), tie("any"), { maxKeys: 3 }),
    ),
  })).any;
  const definition = fc.dictionary(fc.constantFrom(...keys), value);
  fc.assert(
    fc.property(definition, (table) => load("web3.json", JSON.stringify(table))),
    { numRuns: 800, interruptAfterTimeLimit: LONG_ENOUGH_MS },
  );
}, 30_000);

test("no text makes the reader of environment files throw", () => {
  const piece = fc.constantFrom(...Array.from("AB_=\"'\\ \t\n#;$`\r\f1"), "export ", "\ud83d\ude00");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      const parsed = parseEnvironmentText(text);
      if (parsed.tag === "faulty" && parsed.faults.some(({ line, column }) => line < 1 || column < 1))
        throw new Error("no place");
    }),
    { numRuns: 3000, interruptAfterTimeLimit: LONG_ENOUGH_MS },
  );
});
