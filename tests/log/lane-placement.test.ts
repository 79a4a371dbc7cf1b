import { describe, expect, test } from "bun:test";
import { FileGroups } from "../../src/log/file-groups.ts";
import { LanePlacement } from "../../src/log/lane-placement.ts";
import { PlaneLane } from "../../src/log/plane-lane.ts";
import { PlaneLanes } from "../../src/log/plane-lanes.ts";
import type { DataPlanePorts } from "../../src/log/plane-link.ts";
import { fileSink, policyOf, IDLE_WORKERS } from "./plane-harness.ts";

/** The file system of a file is the first part of its path. */
const PORTS: DataPlanePorts = {
  ...IDLE_WORKERS,
  laneOf: (files) => [...new Set(files.map((file) => file.split("/")[1] ?? ""))].toSorted().join(" "),
};

/** Services with their files, and where they are. */
class Place {
  readonly released: string[] = [];
  readonly lanes = new PlaneLanes(
    (name) => new PlaneLane(PORTS, { name, said() {}, died() {}, ownLines: () => [], fdOfSlot: () => null }),
  );
  readonly #placement = new LanePlacement(this.lanes, {
    laneOf: PORTS.laneOf,
    release: (_, service) => {
      this.released.push(service);
      return Promise.resolve();
    },
  });

  configure(service: string, ...files: readonly string[]): void {
    const policy = policyOf(files.map((path) => fileSink({ path })));
    this.#placement.configure({ tag: "configure", service, policy, file: "/usual/standard.log" });
  }

  /** Files that it does not wait for come after those that it does. */
  configureDropping(service: string, dropping: readonly string[], ...files: readonly string[]): void {
    const feed = { tag: "drop", buffer: 4096 } as const;
    const sinks = [...files.map((path) => fileSink({ path })), ...dropping.map((path) => fileSink({ path, feed }))];
    this.#placement.configure({ tag: "configure", service, policy: policyOf(sinks), file: "/usual/standard.log" });
  }

  forget(service: string): void {
    this.#placement.forget(service);
  }

  open(service: string): void {
    const pipes = [{ fd: 7, stream: "stdout", slot: 0 }] as const;
    this.lanes.of(service).tell({ tag: "open", run: 1, service, pid: 1, pipes });
  }

  laneNamesOf(...services: readonly string[]): readonly string[] {
    return services.map((service) => this.lanes.nameOf(service));
  }
}

describe("services with a file in common are with one Worker", () => {
  test("that of the file systems of all of them, whoever comes first", () => {
    const place = new Place();
    place.configure("one", "/usual/x");
    place.configure("two", "/other/y", "/usual/x");
    place.configure("three", "/third/z", "/other/y");
    place.configure("alone", "/usual/alone");
    expect(place.laneNamesOf("one", "two", "three", "alone")).toEqual([
      "other third usual",
      "other third usual",
      "other third usual",
      "usual",
    ]);
  });

  test("and the one that was moved is told there what becomes of its output", () => {
    const place = new Place();
    place.configure("one", "/usual/x");
    place.configure("two", "/other/y", "/usual/x");
    const told = place.lanes.of("one").state.replay;
    expect(told.flatMap((message) => (message.tag === "configure" ? [message.service] : []))).toEqual(["two", "one"]);
  });

  test("that which reads the pipes of one of them already, so that no two write the file while it lets go", () => {
    const place = new Place();
    place.configure("one", "/usual/x");
    place.open("one");
    place.configure("two", "/other/y", "/usual/x");
    place.configure("one", "/usual/x", "/third/z");
    expect(place.laneNamesOf("one", "two")).toEqual(["usual", "usual"]);
    expect(place.released).toEqual([]);
  });

  test("no longer than they have it in common", () => {
    const place = new Place();
    place.configure("one", "/usual/x");
    place.configure("two", "/other/y", "/usual/x");
    place.forget("two");
    place.configure("one", "/usual/x");
    expect(place.laneNamesOf("one")).toEqual(["usual"]);
  });
});

test("a service is with none of the file systems of which it does not wait for any file", () => {
  const place = new Place();
  place.configureDropping("none", ["/dead/none.log"]);
  place.configureDropping("other", ["/dead/other.log"], "/sound/other.log");
  place.configure("waits", "/dead/waits.log");
  expect(place.laneNamesOf("none", "other", "waits")).toEqual(["no file", "sound", "dead"]);
});

test("a service that was removed is in no group", () => {
  const groups = new FileGroups();
  groups.set("one", ["x"]);
  groups.set("two", ["x", "y"]);
  groups.set("three", ["y"]);
  expect(groups.groupOf("one")).toEqual(["one", "two", "three"]);
  groups.remove("two");
  expect(groups.groupOf("one")).toEqual(["one"]);
  expect(groups.filesOf(["one", "two", "three"])).toEqual(["x", "y"]);
});
