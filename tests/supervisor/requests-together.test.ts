/* Requests for services that have to do with each other: whatever is asked in between, none of them waits for ever. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Outcome } from "../../src/supervisor/requests.ts";
import type { DefinitionChanges } from "../core/literal-definition.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const NAMES = ["a", "b", "c", "d", "e"] as const;
type Link = "none" | "requires" | "bound" | "wants" | "after" | "conflicts";

/** For each pair how the later one is linked to the earlier one: so there are no circles. */
const LINKS = fc.array(
  fc.constantFrom<Link>("none", "none", "requires", "requires", "bound", "wants", "after", "conflicts"),
  { minLength: 10, maxLength: 10 },
);
const SOME = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 });
const DEED = fc.oneof(
  fc.record({ verb: fc.constantFrom("start", "stop", "restart"), names: SOME }),
  fc.record({ verb: fc.constant("end"), names: SOME }),
);

const SHAPE = fc.record({ links: LINKS, isManual: fc.boolean(), oneshots: fc.subarray([...NAMES]) });
type Shape = typeof SHAPE extends fc.Arbitrary<infer T> ? T : never;

function servicesOf({ links, isManual, oneshots }: Shape): readonly DefinitionChanges[] {
  let pair = 0;
  return NAMES.map((name, index) => {
    const linked = NAMES.slice(0, index).map((other) => ({ other, link: links[pair++] ?? "none" }));
    const by = (link: Link): readonly string[] => linked.filter((one) => one.link === link).map(({ other }) => other);
    const requires = [
      ...by("requires").map((other) => ({ name: other, restartWith: false })),
      ...by("bound").map((other) => ({ name: other, restartWith: true })),
    ];
    const start = isManual || linked.some(({ link }) => link === "conflicts") ? "manual" : "auto";
    const type = oneshots.includes(name) ? "oneshot" : "simple";
    return { name, type, requires, wants: by("wants"), after: by("after"), conflicts: by("conflicts"), start };
  });
}

test("every request for services with links ends once all of them have come to rest or are up", async () => {
  const runs = fc.asyncProperty(SHAPE, fc.array(DEED, { maxLength: 12 }), async (shape, deeds) => {
    const world = literalSupervisor();
    world.boot(servicesOf(shape));
    const asked: { readonly what: string; outcome: Outcome | null }[] = [];
    const end = (name: string): void => {
      const { pid } = world.operator.service(name) ?? {};
      if (pid != null) world.end(pid);
    };
    for (const { verb, names } of deeds) {
      if (verb === "end") names.forEach(end);
      else {
        const outcomes = world.operator.askAll(names, verb, { wait: true, timeout: null });
        for (const [index, outcome] of outcomes.entries()) {
          const one: (typeof asked)[number] = { what: `${verb} ${names[index] ?? ""}`, outcome: null };
          asked.push(one);
          void outcome.then((decided) => (one.outcome = decided));
        }
        world.timers.turns();
      }
    }
    const isOnItsWay = (name: (typeof NAMES)[number]): boolean =>
      world.stateOf(name) === "stopping" || (world.stateOf(name) === "starting" && shape.oneshots.includes(name));
    while (NAMES.some(isOnItsWay)) NAMES.filter(isOnItsWay).forEach(end);
    await new Promise(setImmediate);
    expect(asked.filter(({ outcome }) => outcome === null)).toEqual([]);
    expect(NAMES.filter((name) => world.supervisor.fleet.get(name)?.held !== null)).toEqual([]);
    expect(world.reports.filter((report) => /^(err|crit)/.test(report))).toEqual([]);
  });
  await fc.assert(runs, { numRuns: 300 });
});
