import { describe, expect, test } from "bun:test";
import { Links } from "../../src/core/links.ts";
import { type LinkedChanges, definitionOf } from "./linked-fleet.ts";

function linksOf(services: Readonly<Record<string, LinkedChanges>>): Links {
  const links = new Links();
  for (const [name, changes] of Object.entries(services)) links.set(definitionOf(name, changes));
  return links;
}

const STACK = {
  web: { requires: ["app"], after: ["net"] },
  app: { requires: ["db"], wants: ["cache"] },
  db: { before: ["cache"] },
  cache: {},
  net: {},
  old: { conflicts: ["web"] },
} as const;

describe("links", () => {
  test("are known from both ends", () => {
    const links = linksOf(STACK);
    expect([...links.dependentsOf("db")]).toEqual(["app"]);
    expect([...links.predecessorsOf("app")]).toEqual(["cache"]);
    expect([...links.successorsOf("cache")]).toEqual(["app"]);
    expect([...links.predecessorsOf("cache")]).toEqual(["db"]);
    expect([[...links.conflictsOf("web")], [...links.conflictsOf("old")]]).toEqual([["old"], ["web"]]);
    expect(links.requirementsOf("web")).toEqual([{ name: "app", restartWith: false }]);
  });

  test("make a service matter to those that require it, follow it or conflict with it, and to nobody else", () => {
    const links = linksOf({ ...STACK, alone: { requires: ["db"] } });
    const linked = ["web", "app", "db", "cache", "net", "old", "alone"].filter((name) => links.isLinked(name));
    expect(linked).toEqual(["web", "app", "db", "cache", "net", "old"]);
  });

  test("leave a service alone with which nothing has to begin or to make way", () => {
    const links = linksOf({ ...STACK, wanting: { wants: ["db"] }, itself: { wants: ["itself"] } });
    const alone = [...Object.keys(STACK), "wanting", "itself"].filter((name) => links.isAlone(name));
    expect(alone).toEqual(["db", "cache", "net", "itself"]);
  });

  test("follow a change and a removal at once", () => {
    const links = linksOf(STACK);
    expect([...links.dependentsOf("db")]).toEqual(["app"]);
    links.set(definitionOf("app", {}));
    expect([...links.dependentsOf("db")]).toEqual([]);
    links.remove("old");
    expect([...links.conflictsOf("web")]).toEqual([]);
    // What is named stays named, though it is gone.
    links.remove("app");
    expect([...links.dependentsOf("app")]).toEqual(["web"]);
  });
});

describe("what a service needs", () => {
  test("is all that it requires or wants, however far, and nothing that it only comes after", () => {
    const links = linksOf(STACK);
    expect([...links.closureOf(["web"])].toSorted()).toEqual(["app", "cache", "db", "web"]);
    expect([...links.closureOf(["db", "net"])]).toEqual(["db", "net"]);
  });

  test("is nothing that is not there", () => {
    expect([...linksOf({ app: { requires: ["gone"], wants: ["lost"] } }).closureOf(["app"])]).toEqual(["app"]);
  });

  test("is found once where many need it, and in a chain of any length", () => {
    const chain = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`s${index}`, index === 0 ? {} : { requires: [`s${index - 1}`] }]),
    );
    const links = linksOf(chain);
    expect(links.closureOf(["s4999"]).size).toBe(5_000);
    expect(links.inStartOrder(Object.keys(chain).toReversed())).toEqual(Object.keys(chain));
  });
});

describe("the order of starts", () => {
  // Of the last two nothing is known to each other: what lies between them is not asked for.
  test.each([[["web", "app", "db", "cache", "net", "old"]], [["cache", "web", "app", "net"]], [["web", "db"]]])(
    "of %p has each of them once, after what it needs or follows",
    (given) => {
      const order = linksOf(STACK).inStartOrder(given);
      expect(order.toSorted()).toEqual(given.toSorted());
      for (const [later, earlier] of pairsOf(given))
        expect(order.indexOf(later)).toBeGreaterThan(order.indexOf(earlier));
    },
  );

  test("leaves services without links as they were given", () => {
    const names = ["c", "a", "b"];
    expect(linksOf({ a: {}, b: {}, c: {} }).inStartOrder(names)).toEqual(names);
  });

  test("of services in a circle has each of them once", () => {
    const links = linksOf({ a: { after: ["b"] }, b: { after: ["c"] }, c: { after: ["a"] } });
    expect([...links.inStartOrder(["a", "b", "c"])].toSorted()).toEqual(["a", "b", "c"]);
  });
});

/** The links of the stack between these services, later first. */
function pairsOf(names: readonly string[]): readonly (readonly [string, string])[] {
  const all = [
    ["web", "app"],
    ["web", "net"],
    ["app", "db"],
    ["app", "cache"],
    ["cache", "db"],
  ] as const;
  return all.filter(([later, earlier]) => names.includes(later) && names.includes(earlier));
}
