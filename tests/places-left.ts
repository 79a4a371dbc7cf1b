/*
 * Loaded before every test file. A test that ran out of its time never disposes of its places: what its supervisor said last
 * is shown, as nothing else tells why, and what it started is ended. What they make has the modes of the usual umask, whatever
 * that of whoever runs them is.
 */
import { afterEach, beforeEach } from "bun:test";
import { TestPlace } from "./scenarios/test-supervisor.ts";

/** Lines of the supervisor's log. */
const MOST_SHOWN = 60;

process.umask(0o022);

let before: ReadonlySet<TestPlace> = new Set();

beforeEach(() => {
  before = new Set(TestPlace.open);
});

afterEach(() => {
  for (const place of TestPlace.open) {
    // Places that a whole file uses are older than the test.
    if (before.has(place)) continue;
    const said = place.ownLog().trimEnd().split("\n").slice(-MOST_SHOWN);
    console.error(`left in ${place.directory}, where the supervisor said last:\n${said.join("\n")}`);
    place[Symbol.dispose]();
  }
});
