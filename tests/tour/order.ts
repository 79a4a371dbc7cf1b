/* The order of services, as the README shows it. */
import { program, shell } from "../scenarios/definitions.ts";
import { TestPlace, TestSupervisor } from "../scenarios/test-supervisor.ts";
import { Stage } from "./stage.ts";

export async function tellOrder(): Promise<Readonly<Record<string, string>>> {
  using place = new TestPlace({
    "db.toml": program(["sleep", "1000"]),
    "cache.toml": program(["sleep", "1000"]),
    "migrate.toml": shell("sleep 1", 'type = "oneshot"\nrequires = ["db"]\nbefore = ["app"]'),
    "app.toml": program(["sleep", "1000"], 'requires = ["db", "cache"]'),
  });
  using stage = new Stage(place);
  await stage.print("daemonsup --config services.d");
  await using supervisor = await TestSupervisor.connect(place);
  await supervisor.until("app", ({ state }) => state === "up");
  const graph = await stage.block({ line: "daemonsup graph" });
  await stage.print("daemonsup shutdown");
  await supervisor.gone();
  return { order: graph };
}
