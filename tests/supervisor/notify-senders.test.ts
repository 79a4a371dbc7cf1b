import { describe, expect, test } from "bun:test";
import { type Relation, type SenderPorts, relationOf } from "../../src/supervisor/notify-senders.ts";
import { LiteralMachine } from "./literal-machine.ts";

const SERVICE_UID = 1000;

/**
 * 201 is the main process, 202 its child, 203 a command, 204 a stranger; 205 was a child of 201 and is a zombie, 206 is gone;
 * 207 was started by a program that the command started.
 */
function ports(): SenderPorts {
  const machine = new LiteralMachine();
  for (const pid of [201, 203, 204]) machine.start(pid);
  machine.start(202, { parent: 201 });
  machine.start(205, { parent: 201 });
  machine.becomeZombie(205);
  machine.start(208, { parent: 203 });
  machine.start(207, { parent: 208 });
  return {
    mainOf: () => 201,
    isCommandOf: (_service, pid) => pid === 203,
    isMember: (_service, pid) => pid === 202,
    row: (pid) => machine.row(pid),
    uidOf: () => SERVICE_UID,
  };
}

const SENDERS: readonly (readonly [pid: number, uid: number, Relation])[] = [
  [201, 33, "main"],
  [202, 33, "member"],
  [203, 33, "command"],
  [204, SERVICE_UID, "stranger"],
  [204, 0, "stranger"],
  [205, SERVICE_UID, "gone"],
  [206, SERVICE_UID, "gone"],
  [206, 0, "gone"],
  [206, 33, "stranger"],
  [207, 33, "member"],
  [0, 0, "stranger"],
];

describe("the sender of a notification", () => {
  test.each(SENDERS)("with number %i and user %i is, to the service: %s", (pid, uid, relation) => {
    expect(relationOf("web", { pid, uid }, ports())).toBe(relation);
  });

  test.each([
    ["ends", (machine: LiteralMachine) => machine.becomeZombie(202)],
    ["is reaped", (machine: LiteralMachine) => machine.end(202)],
    ["leaves its number to another one", (machine: LiteralMachine) => (machine.end(202), machine.start(202))],
  ] as const)("is gone if it %s while it is looked for", (_what, happens) => {
    const machine = new LiteralMachine();
    machine.start(202);
    const isMember = (): boolean => (happens(machine), false);
    const looking = { ...ports(), row: (pid: number) => machine.row(pid), isMember };
    expect(relationOf("web", { pid: 202, uid: 0 }, looking)).toBe("gone");
  });
});
