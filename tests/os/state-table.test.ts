/* When a successor waits until it cannot miss what the children of its predecessor write. */
import { expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { type MappedFile, openMappedFile } from "../../src/os/state-file.ts";
import { CAPACITY, HEADER_SIZE } from "../../src/os/state-header.ts";
import { RECORD_SIZE } from "../../src/os/state-record.ts";
import type { StateSlot } from "../../src/os/state-slot.ts";
import { StateTable } from "../../src/os/state-table.ts";
import { makeScratch } from "./spawn-kit.ts";

const ID = "0123456789abcdef".repeat(2);
const SIZE = HEADER_SIZE + CAPACITY * RECORD_SIZE;

/** How often a successor meets the children of one that died after these steps, each with the record of a service. */
function meetingsAfter(steps: readonly ((slot: StateSlot) => void)[]): number {
  using scratch = makeScratch();
  let meetings = 0;
  const opened: MappedFile[] = [];
  const tableOf = (generation: number, meet: () => void): StateTable => {
    const opening = openMappedFile(join(scratch.path, "state"), SIZE);
    if (opening.tag === "failed") throw new Error(opening.reason);
    opened.push(opening.file);
    return new StateTable(opening.file, generation, meet);
  };
  const first = tableOf(1, () => undefined);
  for (const [index, step] of steps.entries()) {
    const allocation = first.allocate(`s${index}`);
    if (allocation.tag === "failed") throw new Error(allocation.reason);
    step(allocation.slot);
  }
  tableOf(2, () => void meetings++).load();
  for (const { fd, memory } of opened) {
    memory[Symbol.dispose]();
    closeSync(fd);
  }
  return meetings;
}

const wanted = (slot: StateSlot): void => slot.setWant("down");
const intended = (slot: StateSlot): void => slot.intent(ID, 1_000);
const running = (slot: StateSlot): void => (intended(slot), slot.running(42, 99));
const ended = (slot: StateSlot): void => (running(slot), slot.exited({ tag: "code", code: 0 }));
const failed = (slot: StateSlot): void => (intended(slot), slot.exited(null));

test.each([
  ["nothing was noted", [], 0],
  ["all that was started is known, or has ended", [wanted, running, ended, failed], 0],
  ["a start was under way", [running, intended, ended], 1],
  ["several starts were under way", [intended, running, intended], 1],
])("where %s, it meets children as often as is needed", (_, steps, meetings) => {
  expect(meetingsAfter(steps)).toBe(meetings);
});
