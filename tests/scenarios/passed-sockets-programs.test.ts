/* Real programs that take sockets which they were passed. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { RestlessClients, ask, ownAddress } from "./socket-clients.ts";
import { TestPlace, type TestSupervisor } from "./test-supervisor.ts";

const RESTARTS = 10;
const BUN_SERVER = join(import.meta.dir, "../programs/passed-socket-server.ts");
const REQUEST = "GET / HTTP/1.0\r\n\r\n";

const nginx = Bun.which("nginx") ?? (existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : null);
const noNginx = skipReason("nginx with passed sockets", [[nginx !== null, "nginx is not installed"]]) !== null;

/** Restarts the service again and again under its clients. */
async function restart(supervisor: TestSupervisor, name: string, clients: RestlessClients): Promise<void> {
  for (let count = 0; count < RESTARTS; count++) {
    await clients.more();
    const answer = await supervisor.request("POST", `/v1/services/${name}/restart`, { wait: true });
    expect(answer.status).toBe(200);
  }
  await clients.more();
  await clients.stop();
}

test("a server in the embedded runtime takes its socket, and loses no connection over restarts", async () => {
  const address = ownAddress();
  const place = new TestPlace({});
  place.write("web.toml", program([BUN_SERVER], `runtime = "bun"\n[sockets.http]\nlisten = "${address.listen}"`));
  await using supervisor = await place.start();
  expect(await ask(address)).toBe(`${(await supervisor.service("web")).pid}\n`);
  const clients = new RestlessClients(address, { accept: /^\d+\n$/ });
  await restart(supervisor, "web", clients);
  expect(clients.losses).toEqual([]);
  // While it begins nobody is served, so that the number of those who have answered tells little.
  expect(clients.answers.size).toBeGreaterThan(1);
});

describe.skipIf(noNginx)("nginx", () => {
  test("takes its socket by its own means, and loses no connection over restarts", async () => {
    const address = ownAddress();
    const place = new TestPlace({});
    place.write(
      "web.toml",
      program(
        [nginx ?? "", "-p", place.directory, "-c", place.path("nginx.conf"), "-e", place.path("error.log")],
        `environment = { NGINX = "3;" }\nstop.signal = "SIGQUIT"\n[sockets.http]\nlisten = "${address.listen}"`,
      ),
    );
    await Bun.write(place.path("nginx.conf"), configuration(place, address.listen));
    await using supervisor = await place.start();
    expect(await ask(address, REQUEST)).toEndWith("\r\n\r\nhello\n");
    const clients = new RestlessClients(address, { question: REQUEST, accept: /\r\n\r\nhello\n$/ });
    await restart(supervisor, "web", clients);
    expect(clients.losses).toEqual([]);
    expect(await Bun.file(place.path("error.log")).text()).toContain("using inherited sockets from");
  });
});

/** Answers "hello"; everything that nginx writes is below the place. */
function configuration(place: TestPlace, listen: string): string {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${place.path(`nginx-${name}`)};`)
    .join("\n");
  return `daemon off;
worker_processes 1;
pid ${place.path("nginx.pid")};
events {}
http {
  access_log off;
  ${paths}
  server {
    listen ${listen};
    location / { return 200 "hello\\n"; }
  }
}
`;
}
