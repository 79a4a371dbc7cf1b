/* Services that are ready when the test says so. */
import { expect } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { EventView } from "../../src/core/service-view.ts";
import { shell } from "./definitions.ts";
import type { TestPlace, TestSupervisor } from "./test-supervisor.ts";

/** A service that is started by hand and up from when its gate is opened; `more` is TOML, first keys, then tables. */
export function gated(place: TestPlace, name: string, more = ""): string {
  const script = `until [ -e "${gateOf(place, name)}" ]; do sleep 0.01; done; echo ready; exec sleep 1000`;
  return shell(script, `start = "manual"\n${more}\n[ready]\nlog = "^ready$"`);
}

/** From now on the service is ready as soon as it runs. */
export function open(place: TestPlace, name: string): void {
  writeFileSync(gateOf(place, name), "");
}

export function close(place: TestPlace, name: string): void {
  if (existsSync(gateOf(place, name))) rmSync(gateOf(place, name));
}

function gateOf(place: TestPlace, name: string): string {
  return place.path(`gate-${name}`);
}

/** What the event stream has told of these services so far since that event, as "db up", in this order. */
export function storyOf(
  supervisor: TestSupervisor,
  { services, states, since = 0 }: { services: readonly string[]; states: readonly string[]; since?: number },
): string[] {
  return supervisor.events
    .slice(since)
    .filter(({ service, state }) => service !== null && services.includes(service) && states.includes(state ?? ""))
    .map(({ service, state }) => `${service} ${state}`);
}

/**
 * Waits until the last of these has been told since that event, and compares them with what was told by then of the
 * services and states that are among them.
 */
export async function expectStory(supervisor: TestSupervisor, wanted: readonly string[], since = 0): Promise<void> {
  const words = wanted.map((one) => one.split(" "));
  const [services, states] = [words.map(([service]) => service ?? ""), words.map(([, state]) => state ?? "")];
  const isLast = (one: EventView): boolean => `${one.service} ${one.state}` === wanted.at(-1);
  await supervisor.event((one) => isLast(one) && supervisor.events.indexOf(one) >= since);
  expect(storyOf(supervisor, { services, states, since }).slice(0, wanted.length)).toEqual([...wanted]);
}
