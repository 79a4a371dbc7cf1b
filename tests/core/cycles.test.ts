import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findCycles, type Wait } from "../../src/core/cycles.ts";

/** "a>b" waits hard, "a~b" softly. */
function edges(text: string): Wait[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => ({ from: word[0] ?? "", to: word[2] ?? "", isSoft: word[1] === "~" }));
}

function shown(cycle: readonly Wait[]): string {
  return cycle.map(({ from, to, isSoft }) => `${from}${isSoft ? "~" : ">"}${to}`).join(" ");
}

describe("cycles", () => {
  const ROWS: readonly (readonly [
    title: string,
    graph: string,
    refused: readonly string[],
    broken: readonly string[],
  ])[] = [
    ["nothing is no cycle", "", [], []],
    ["a diamond is no cycle", "a>b a>c b>d c>d", [], []],
    ["who waits for itself is refused", "a>b b>b", ["b>b"], []],
    ["two that wait for each other are refused", "b>a a>b", ["a>b b>a"], []],
    ["of a knot the shortest cycle is named", "a>b b>c c>d d>a c>b", ["b>c c>b"], []],
    ["each knot is named once", "d>c c>d a>b b>a b>c", ["a>b b>a", "c>d d>c"], []],
    ["a cycle is broken where it is soft", "a>b b~c c>a", [], ["b~c"]],
    ["of two soft edges the later one is given up", "a~b b~a", [], ["b~a"]],
    ["a soft edge beside a hard one does not save the cycle", "a>b b>a b~a", ["a>b b>a"], []],
    ["one soft edge in two cycles is given up once", "a~b b>a b>c c>a", [], ["a~b"]],
    ["who wants itself gives that up", "a~a", [], ["a~a"]],
    ["nothing is broken beside what is refused", "a>b b>a c~d d~c", ["a>b b>a"], []],
  ];
  for (const [title, graph, refused, broken] of ROWS) {
    test(title, () => {
      const found = findCycles(edges(graph));
      expect(found.refused.map(shown)).toEqual([...refused]);
      expect(found.broken.map(({ edge }) => shown([edge]))).toEqual([...broken]);
    });
  }

  test("more cycles than a person could look through are refused, not broken", () => {
    const pairs = Array.from({ length: 65 }, (_, index) => [
      { from: `a${index}`, to: `b${index}`, isSoft: true },
      { from: `b${index}`, to: `a${index}`, isSoft: true },
    ]).flat();
    expect(findCycles(pairs)).toMatchObject({ broken: [] });
    expect(findCycles(pairs).refused).toHaveLength(65);
  });

  test("a chain of 4,000 with one edge back does not exhaust the stack", () => {
    const chain = Array.from({ length: 4000 }, (_, index) => ({ from: `${index}`, to: `${index + 1}`, isSoft: false }));
    const found = findCycles([...chain, { from: "4000", to: "0", isSoft: false }]);
    expect(found.refused[0]).toHaveLength(4001);
  });
});

const NAMES = Array.from("abcdefg");
const graphs = fc.array(
  fc.record({ from: fc.constantFrom(...NAMES), to: fc.constantFrom(...NAMES), isSoft: fc.boolean() }),
  { maxLength: 25 },
);

test("in any graph either a true cycle of hard edges is refused, or nothing circular is left", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { refused, broken } = findCycles(graph);
      for (const cycle of refused) {
        expectClosed(cycle);
        expect(cycle.some(({ isSoft }) => isSoft)).toBe(false);
      }
      for (const { edge, cycle } of broken) {
        expectClosed(cycle);
        expect(edge.isSoft && cycle.includes(edge)).toBe(true);
      }
      const given = new Set<Wait>(broken.map(({ edge }) => edge));
      const left = graph.filter((edge) => !given.has(edge));
      expect(isCircular(left)).toBe(refused.length > 0);
      expect(isCircular(graph.filter(({ isSoft }) => !isSoft))).toBe(refused.length > 0);
    }),
    { numRuns: 500 },
  );
});

function expectClosed(cycle: readonly Wait[]): void {
  cycle.forEach((edge, index) => expect(edge.to).toBe(cycle[(index + 1) % cycle.length]?.from ?? ""));
}

/** By taking away, again and again, whoever waits for nobody. */
function isCircular(graph: readonly Wait[]): boolean {
  let rest = graph;
  for (;;) {
    const left = rest.filter(({ to }) => rest.some(({ from }) => from === to));
    if (left.length === rest.length) return rest.length > 0;
    rest = left;
  }
}
