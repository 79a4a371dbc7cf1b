/* The first five minutes of the README. */
import { writeFileSync } from "node:fs";
import { program, shell } from "../scenarios/definitions.ts";
import { chanceLoopbackAddress } from "../scenarios/loopback-address.ts";
import { skipReason } from "../scenarios/loud-skip.ts";
import { TestPlace, TestSupervisor } from "../scenarios/test-supervisor.ts";
import { Stage } from "./stage.ts";

/** Why this part of the tour cannot be given here, or null. */
export const whyNoFirstMinutes: string | null = skipReason("the first minutes of the tour", [
  [Bun.which("python3") !== null, "there is no python3, whose web server the tour starts"],
]);

const WEB = `description = "Public site"
command = ["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1"]
directory = "/tmp"
`;
const MISTAKEN = `${WEB}
[restart]
policy = "on-failur"

[stop]
timeout = "10"
`;
const MENDED = `${WEB}
[ready]
http = "http://127.0.0.1:8000/"
`;

export async function tellFirstMinutes(): Promise<Readonly<Record<string, string>>> {
  const address = chanceLoopbackAddress();
  using place = new TestPlace({});
  const write = (name: string, text: string): void => place.write(name, text.replaceAll("127.0.0.1", address));
  using stage = new Stage(place, [[address, "127.0.0.1"]]);
  const shown = `# services.d/web.toml\n${MISTAKEN}`;
  write("web.toml", MISTAKEN);
  const check = await stage.block({ line: "daemonsup check" });

  // What cannot work waits until the supervisor is up: whether that says so as well depends on who is quicker.
  const gate = `until [ -e ${place.path("go")} ]; do sleep 0.05; done`;
  write("web.toml", MENDED);
  // In the merged logs it stands after what the other one has said.
  const later = `until [ -e ${place.path("later")} ]; do sleep 0.05; done`;
  write("tick.toml", shell(`${later}; while sleep 1; do echo tick; done`));
  write(
    "broken.toml",
    shell(`${gate}; echo cannot open the database >&2; exit 3`, '[restart]\ndelay = "31s"\nmax_delay = "31s"'),
  );
  const start = await stage.block({ line: "daemonsup --config services.d" });
  await using supervisor = await TestSupervisor.connect(place);
  writeFileSync(place.path("go"), "");
  await supervisor.until("broken", ({ state }) => state === "backoff");
  writeFileSync(place.path("later"), "");
  await supervisor.until("web", ({ state }) => state === "up");
  const status = await stage.block({ line: "daemonsup status" });
  await supervisor.lines("tick", (texts) => texts.length >= 2);
  const page = await stage.block({ line: "daemonsup status web" });
  const logs = await stage.block({ line: "daemonsup logs -n 2 broken tick" });
  const retry = await stage.block({ line: "daemonsup start broken" });
  await supervisor.until("broken", ({ state }) => state === "backoff");
  const crash = await stage.block({ line: "daemonsup history broken last" });
  const restart = await stage.block({ line: "daemonsup restart web" });
  write("tick.toml", program(["sleep", "1000"]));
  const reload = await stage.block({ line: "daemonsup reload", note: "after an edit of tick.toml" });
  const end = await stage.block({ line: "daemonsup shutdown" });
  await supervisor.gone();
  return {
    "first-definition": shown.trimEnd(),
    "first-check": check,
    "first-start": `${start}\n\n${status}`,
    "first-look": `${logs}\n\n${retry}`,
    "first-crash": crash,
    "first-page": page,
    "first-change": `${restart}\n\n${reload}\n\n${end}`,
  };
}
