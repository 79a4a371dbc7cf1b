import { expect, test } from "bun:test";
import type { ServiceEvent } from "../../src/core/service-event.ts";
import { newRecord } from "../../src/core/service-record.ts";
import type { WallTime } from "../../src/core/units.ts";
import { Events } from "../../src/supervisor/events.ts";
import { Guard } from "../../src/supervisor/guard.ts";
import { Relays } from "../../src/supervisor/relays.ts";
import { literalDefinition } from "../core/literal-definition.ts";

/** Services "one", "two", ... that all have pid 7 and catch SIGHUP, but for those in `broken`, which fail to be looked at. */
function relaying(services: readonly string[], broken: readonly string[] = []) {
  const happened: string[] = [];
  const events = new Events(() => 0 as WallTime);
  events.subscribe(({ service, message }) => happened.push(`${service}: ${message}`));
  let looked = "";
  const relays = new Relays(events, {
    report: (severity) => severity === "crit" && happened.push("an error of ours"),
    guard: new Guard((severity) => void (severity === "crit" && happened.push("an error of ours"))),
    processes: {
      catchesSignal() {
        if (broken.includes(looked)) throw new Error("broken");
        return true;
      },
    },
    belongings: { signalMain: (service, signal) => happened.push(`${signal} to ${service}`) > 0 },
  });
  /** A fleet that has each service relay, and tells what follows. */
  const fleet = {
    together: (change: () => void) => change(),
    post(service: string, event: ServiceEvent) {
      happened.push(`${service} ${event.tag}`);
      if (event.tag !== "reload-asked") return;
      const record = newRecord(literalDefinition({ name: service }), 0 as WallTime);
      const named = {
        ...record,
        get endsOnRelay() {
          looked = service;
          return false;
        },
      };
      const follower = relays.pass(named, { tag: "relay", pid: 7, signal: "SIGHUP", force: false });
      if (follower !== null) happened.push(`${service} ${follower.tag}`);
    },
  };
  const heard: string[] = [];
  relays.ask(fleet, services, (service, result) => heard.push(`${service} ${result.tag}`));
  return { happened, heard };
}

test("signals are passed on to all before anything is told of the first", () => {
  const { happened, heard } = relaying(["one", "two"]);
  expect(happened).toEqual([
    "one reload-asked",
    "two reload-asked",
    "SIGHUP to one",
    "SIGHUP to two",
    "one: relayed SIGHUP to pid 7",
    "one relayed",
    "two: relayed SIGHUP to pid 7",
    "two relayed",
  ]);
  expect(heard).toEqual(["one sent", "two sent"]);
});

test("an error of ours about one service keeps the signal from no other", () => {
  const { happened, heard } = relaying(["one", "two"], ["one"]);
  expect(happened).toContain("an error of ours");
  expect(happened).toContain("SIGHUP to two");
  expect(heard).toEqual(["two sent"]);
});
