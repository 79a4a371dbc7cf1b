/* What the version before has written down is whole to this one: also what it had no word for yet. */
import { expect, test } from "bun:test";
import { decodeConfiguration } from "../../src/config/configuration-text.ts";
import type { Definition } from "../../src/core/definition.ts";
import { fileReadersOf } from "../../src/core/dropped-files.ts";
import { decodeSaved } from "../../src/core/saved-record.ts";
import { definitionsOf } from "../../src/core/definition-text.ts";
import { lines, makePlace, mustLoad } from "../config/load-texts.ts";
import { CONFIGURATION_BEFORE, RECORD_BEFORE } from "./texts-of-version-before.ts";

/** How lines come to each file, by the name of its sink, and who else reads them. */
function waysOf({ name, log }: Definition): object {
  const feeds = log.sinks.map((sink) => [sink.name, sink.type === "file" ? sink.feed : null]);
  return { feeds: Object.fromEntries(feeds), readers: fileReadersOf(name, log, "/log").length };
}

const BOTH = { feeds: { file: { tag: "block" }, errors: { tag: "block" } }, readers: 0 };

/** What the texts were made of. */
const FILES = {
  "daemonsup.toml": "",
  "filed.toml": lines(
    ...['command = ["sleep", "4000"]', "[log]", 'to = ["file", "errors"]'],
    ...["[log.sinks.errors]", 'type = "file"', 'file = "/srv/log/errors.log"', 'format = "json"'],
  ),
  "web.toml": lines('command = ["sleep", "1000"]', 'limits = { core = "unlimited" }'),
};

test("a configuration of the version before has all that one has that is read now, and nothing else", () => {
  using place = makePlace(FILES);
  const { definitions, settings } = mustLoad(place.load());
  const before = decodeConfiguration(CONFIGURATION_BEFORE);
  if (before.tag !== "loaded") throw new Error("it was refused");
  expect(pathsIn({ definitions: before.definitions })).toEqual(pathsIn({ definitions }));
  expect(pathsIn({ settings: before.settings })).toEqual(pathsIn({ settings }));
});

test("a service of a configuration of the version before waits for its files, as it did", () => {
  const read = decodeConfiguration(CONFIGURATION_BEFORE);
  if (read.tag !== "loaded") throw new Error("it was refused");
  expect(read.definitions.map(waysOf)).toEqual([BOTH, { feeds: { file: { tag: "block" } }, readers: 0 }]);
});

test("so does one that runs by another definition than the one in force", () => {
  const reading = decodeSaved(RECORD_BEFORE, "filed", () => null);
  expect(reading).toEqual({ tag: "refused", reason: "its next definition is not known" });
  const [standing] = decodedDefinitions();
  const again = decodeSaved(RECORD_BEFORE, "filed", () => standing ?? null);
  if (again.tag !== "ok") throw new Error(again.reason);
  expect(again.saved.record.definition).not.toBe(standing as never);
  expect(waysOf(again.saved.record.definition)).toEqual(BOTH);
});

test("how lines come to a file is left as it was written", () => {
  const feed = { tag: "drop", buffer: 4096 };
  const [definition] = definitionsOf([{ name: "web", log: { sinks: [{ type: "file", name: "file", feed }] } }]);
  expect(definition?.log.sinks).toMatchObject([{ feed }]);
});

/** The path of each value within this one, like "log.sinks.0.type", in order. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [""];
  const within = Object.entries(value).flatMap(([key, inner]) => pathsIn(inner).map((path) => `${key}.${path}`));
  return (within.length === 0 ? [""] : within).toSorted();
}

function decodedDefinitions(): readonly Definition[] {
  const read = decodeConfiguration(CONFIGURATION_BEFORE);
  return read.tag === "loaded" ? read.definitions : [];
}
