/* The first five minutes of the README. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { program, shell } from "../scenarios/definitions.ts";
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
  const port = String(await freePort());
  using place = new TestPlace({});
  const write = (name: string, text: string): void => place.write(name, text.replaceAll("8000", port));
  using stage = new Stage(place, [[port, "8000"]]);
  const shown = `# services.d/web.toml\n${MISTAKEN}`;
  write("web.toml", MISTAKEN);
  const check = await stage.block({ line: "daemonsup check" });

  // What cannot work waits until the supervisor is up: whether that says so as well depends on who is quicker.
  const gate = `until [ -e ${place.path("go")} ]; do sleep 0.05; done`;
  write("web.toml", MENDED);
  write("tick.toml", shell("while sleep 1; do echo tick; done"));
  write(
    "broken.toml",
    shell(`${gate}; echo cannot open the database >&2; exit 3`, '[restart]\ndelay = "31s"\nmax_delay = "31s"'),
  );
  const start = await stage.block({ line: "daemonsup --config services.d" });
  await using supervisor = await TestSupervisor.connect(place);
  writeFileSync(place.path("go"), "");
  await supervisor.until("broken", ({ state }) => state === "backoff");
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

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    resolve(typeof address === "object" && address !== null ? address.port : 0);
  });
  const port = await promise;
  await new Promise((done) => server.close(done));
  return port;
}
