import { describe, expect, test } from "bun:test";
import { type CommandReference, commandReferenceOf } from "../../src/cli/command-reference.ts";
import { COMMANDS, SUPERVISOR_TOPIC } from "../../src/cli/commands.ts";
import { parseArguments } from "../../src/cli/parse-arguments.ts";
import { START_OPTIONS } from "../../src/cli/start-options.ts";
import { PROGRAM } from "../../src/cli/program-reference.ts";
import { renderCommandHelp, renderHelp, renderSupervisorHelp } from "../../src/cli/render-help.ts";
import { splitWords } from "../../src/cli/split-words.ts";
import { wrapParagraphs, wrapText } from "../../src/cli/wrap-text.ts";
import { EXIT } from "../../src/core/exit-statuses.ts";

const STATUSES = new Set([...Object.values<number>(EXIT).map(String), "130", "other"]);

async function referenceOf(name: string): Promise<CommandReference> {
  const reference = await commandReferenceOf(name);
  if (reference === null) throw new Error(`there is no command "${name}"`);
  return reference;
}

/** The words of our command in a line, as a shell splits them. */
function wordsOf(line: string): string[] {
  const [command = ""] = line.slice(line.indexOf("daemonsup")).split(/ (?:\||&&|>) |\)/);
  return [...command.matchAll(/'([^']*)'|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
}

describe.each(Object.keys(COMMANDS))("the help of %s", (name) => {
  test("is one screen of a usual terminal, names every option and has examples", async () => {
    const reference = await referenceOf(name);
    const lines = renderCommandHelp(reference, 80).split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
    expect(lines[0]).toStartWith(`usage: daemonsup ${name}`);
    for (const option of Object.keys(reference.options)) expect(lines.join("\n")).toContain(`--${option}`);
    expect(reference.examples.length).toBeGreaterThan(0);
  });

  test("shows only examples that the command understands", async () => {
    const { examples } = await referenceOf(name);
    const command = await COMMANDS[name]?.load();
    for (const { line } of examples) {
      const [program, ...words] = wordsOf(line);
      const { command: named, rest, leading } = splitWords(words);
      expect([program, named]).toEqual(["daemonsup", name]);
      expect(parseArguments([...leading, ...rest], command?.options ?? {})).toMatchObject({ tag: "ok" });
    }
  });

  test("tells exit statuses that there are", async () => {
    const { exits } = await referenceOf(name);
    expect(exits.map(({ status }) => status).filter((status) => !STATUSES.has(status))).toEqual([]);
    expect(exits.map(({ status }) => status)).toContain("0");
  });

  test("is broken into shorter lines on a narrow terminal", async () => {
    const lines = renderCommandHelp(await referenceOf(name), 40).split("\n");
    // What cannot be broken is one line to type, or one word.
    const tooLong = lines.filter((line) => Bun.stringWidth(line) > 40 && !/^(usage:| +daemonsup | *\S+$)/.test(line));
    expect(tooLong).toEqual([]);
  });
});

describe("the program's own help", () => {
  const listed = Object.entries(COMMANDS).map(([name, entry]) => ({ ...entry, name }));

  test("is one screen on which every command has its place, and the way to the rest", () => {
    const text = renderHelp(listed, 80);
    for (const { name, summary, group } of listed)
      expect(text).toMatch(
        group === "more" ? new RegExp(`more: .*\\b${name}\\b`) : new RegExp(`\\n  ${name} +${summary.slice(0, 20)}`),
      );
    expect(text.replaceAll("\n", " ")).toContain(`daemonsup help ${SUPERVISOR_TOPIC}`);
    expect(text.split("\n").length).toBeLessThanOrEqual(40);
    for (const line of text.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
  });

  test("tells under a topic of its own how a supervisor is started, and every exit status", () => {
    const text = renderSupervisorHelp(80);
    for (const option of Object.keys(START_OPTIONS)) expect(text).toContain(` --${option}`);
    for (const status of Object.values(EXIT)) expect(text).toContain(`${status} `);
    for (const [signal] of PROGRAM.signals) expect(text).toContain(`\n  ${signal} `);
    expect(text.split("\n").length).toBeLessThanOrEqual(50);
    for (const line of text.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
    expect(PROGRAM.exits.map(({ status }) => status)).toEqual([...Object.values<number>(EXIT), 130].map(String));
  });
});

test("text is wrapped by the cells it takes, and a longer word stands alone", () => {
  expect(wrapText("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrapText("日本 日本", 5)).toEqual(["日本", "日本"]);
  expect(wrapText("a extraordinarily b", 6)).toEqual(["a", "extraordinarily", "b"]);
  expect(wrapText("", 6)).toEqual([]);
  expect(wrapParagraphs("one\ntwo\n\nx:\n  y", 20)).toEqual(["one two", "", "x:", "  y"]);
  expect(wrapParagraphs("x:\n  a b c d", 6)).toEqual(["x: a b", "c d"]);
});
