import { expect, test } from "bun:test";
import type { Companion } from "../../src/supervisor/companion.ts";
import { ConcernedCompanions } from "../../src/supervisor/concerned-companions.ts";
import { literalDefinition } from "../core/literal-definition.ts";

const everybodys: Companion = { changed: () => {} };
const critics: Companion = { concerns: ({ critical }) => critical, changed: () => {} };
const plain = literalDefinition();
const critical = literalDefinition({ critical: true });

function concerned(): ConcernedCompanions {
  return new ConcernedCompanions([critics, everybodys]);
}

test("a service is only accompanied by those that its definition concerns, and by those that it need not concern", () => {
  expect(concerned().of(plain, null)).toEqual([everybodys]);
});

test("companions are asked in the order in which they were given", () => {
  expect(concerned().of(critical, null)).toEqual([critics, everybodys]);
});

test("what the next run will need concerns a companion already", () => {
  expect(concerned().of(plain, critical)).toEqual([critics, everybodys]);
});

test("a companion joins a service that is given a definition which concerns it", () => {
  const companions = concerned();
  companions.of(plain, null);
  expect(companions.of(critical, null)).toEqual([critics, everybodys]);
});

test("a companion stays with a service whose definition does not concern it any more, until the service is forgotten", () => {
  const companions = concerned();
  companions.of(critical, null);
  expect(companions.of(plain, null)).toEqual([critics, everybodys]);
  companions.forget(plain.name);
  expect(companions.of(plain, null)).toEqual([everybodys]);
});

test("other services are not concerned by what concerns one", () => {
  const companions = concerned();
  companions.of(critical, null);
  expect(companions.of(literalDefinition({ name: "other" }), null)).toEqual([everybodys]);
});
