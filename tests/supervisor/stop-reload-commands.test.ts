import { expect, test } from "bun:test";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { StopReloadCommands } from "../../src/supervisor/stop-reload-commands.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES } from "../core/literal-states.ts";
import { LiteralTimers } from "./literal-timers.ts";

const PLAIN = literalDefinition();
const DEFINITION = literalDefinition({
  stop: { ...PLAIN.stop, command: ["/bin/stop"] },
  reload: { ...PLAIN.reload, action: "command", command: ["/bin/reload"] },
});
const STOPPING = { ...STATES.stopping, force: "asked" } as ServiceState;

/** A successor; `left`: what its predecessor has begun. */
function successor(change: Partial<ServiceRecord>, left: readonly string[]) {
  const timers = new LiteralTimers();
  const record: ServiceRecord = { ...newRecord(DEFINITION, timers.wall()), ...change };
  const begun: string[] = [];
  const seen: string[] = [];
  const done = new Map<string, (failure: string | null, isKnown: boolean) => void>();
  const commands = new StopReloadCommands({
    timers,
    commands: {
      run({ kind }, over) {
        begun.push(kind);
        done.set(kind, over);
        return { tag: "started", kill: () => {} };
      },
      left: {
        claim(_service, kind, over) {
          if (!left.includes(kind)) return null;
          done.set(kind, over);
          return { tag: "started", kill: () => {} };
        },
      },
    },
    report: (severity, message) => void seen.push(`${severity}: ${message}`),
    tell: (_service, { tag }) => void seen.push(tag),
    amend: (_service, { reloading }) => void seen.push(`reloading ${reloading}`),
    reloadEnded: (_service, failure) => void seen.push(`reload ended: ${failure}`),
  });
  commands.adopted(record);
  timers.turns();
  return {
    commands,
    record,
    begun,
    seen,
    end: (kind: string, failure: string | null) => done.get(kind)?.(failure, true),
  };
}

test("a stop command that is at work is started no second time, and its failure counts", () => {
  const it = successor({ state: STOPPING }, ["stop"]);
  expect([it.commands.stop(it.record), it.begun]).toEqual([true, []]);
  it.end("stop", "exited 1");
  expect(it.seen).toEqual(["warning: web: stop.command: exited 1; sending SIGTERM instead", "stop-command-failed"]);
});

test("one that succeeds is followed by nothing, and may be started again by the next stop", () => {
  const it = successor({ state: STOPPING }, ["stop"]);
  it.end("stop", null);
  expect([it.seen, it.commands.stop(it.record), it.begun]).toEqual([[], true, ["stop"]]);
});

test("a reload command that is at work is waited for", () => {
  const it = successor({ state: STATES.up, reloading: true }, ["reload"]);
  expect([it.begun, it.seen]).toEqual([[], []]);
  it.end("reload", null);
  expect(it.seen).toEqual(["reloading false", "reload ended: null"]);
});

test("a reload of which nothing is left is over", () => {
  expect(successor({ state: STATES.up, reloading: true }, []).seen).toEqual(["reloading false"]);
});

test("where neither was at work nothing is done", () => {
  expect(successor({ state: STATES.up }, []).seen).toEqual([]);
});
