import { describe, expect, test } from "bun:test";
import type { ProcessRow } from "../../src/supervisor/ports.ts";
import { ProcessSnapshot, isEnded } from "../../src/supervisor/process-snapshot.ts";

function row(pid: number, parent: number, state = "S"): ProcessRow {
  return { pid, parent, group: pid, session: pid, state, startTicks: pid };
}

describe("a snapshot of the process tree", () => {
  const rows = [row(1, 0), row(5, 1), row(9, 5), row(4, 9), row(6, 5), row(7, 1)];
  const snapshot = new ProcessSnapshot(rows);
  const pidsOf = (found: readonly ProcessRow[]) => found.map(({ pid }) => pid).sort((left, right) => left - right);
  const at = (pid: number): ProcessRow => snapshot.get(pid) ?? row(0, 0);

  test("knows each process and its children", () => {
    expect(snapshot.get(9)).toBe(rows[2]);
    expect(snapshot.get(2)).toBeUndefined();
    expect(pidsOf(snapshot.childrenOf(5))).toEqual([6, 9]);
    expect(snapshot.childrenOf(2)).toEqual([]);
  });

  test("finds all descendants, whatever their numbers, each once", () => {
    expect(pidsOf(snapshot.closure([at(5)]))).toEqual([4, 5, 6, 9]);
    expect(pidsOf(snapshot.closure([at(5), at(9), at(5)]))).toEqual([4, 5, 6, 9]);
    expect(snapshot.closure([])).toEqual([]);
  });

  test("does not run in circles if the rows were read while numbers were given anew", () => {
    const circle = new ProcessSnapshot([row(8, 9), row(9, 8)]);
    expect(pidsOf(circle.closure([circle.get(8) ?? row(0, 0)]))).toEqual([8, 9]);
  });
});

test("only zombies and the dead count as ended", () => {
  expect("RSDTtZXIP".split("").filter((state) => isEnded(row(2, 1, state)))).toEqual(["Z", "X"]);
});
