import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findRsyslog } from "../../tools/debian-programs.ts";
import { chanceLoopbackAddress } from "./loopback-address.ts";
import { type TestPlace, untilTrue } from "./test-supervisor.ts";

/** What the server understood of a message. */
export interface ReceivedMessage {
  readonly facility: string;
  readonly severity: string;
  readonly host: string;
  readonly app: string;
  readonly pid: string;
  readonly time: string;
  readonly text: string;
}

const FIELDS = {
  facility: "syslogfacility-text",
  severity: "syslogseverity-text",
  host: "hostname",
  app: "app-name",
  pid: "procid",
  time: "timereported",
  text: "msg",
} as const satisfies Record<keyof ReceivedMessage, string>;

/** Debian's rsyslogd, listening on an address of its own by UDP, TCP and TLS; messages go to a file. */
export class SyslogServer implements AsyncDisposable {
  readonly address = chanceLoopbackAddress();
  readonly #place: TestPlace;
  #process: Bun.Subprocess | null = null;

  constructor(place: TestPlace) {
    this.#place = place;
    const properties = Object.entries(FIELDS).map(([name, property]) => {
      const date = name === "time" ? ' dateFormat="rfc3339"' : "";
      return `  property(outname="${name}" name="${property}" format="jsonf"${date})`;
    });
    const between = '\n  constant(value=", ")\n';
    const tls = `streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon"`;
    writeFileSync(
      place.path("rsyslog.conf"),
      [
        `global(defaultNetstreamDriverCAFile="${place.path("ca.pem")}"`,
        `  defaultNetstreamDriverCertFile="${place.path("server.pem")}"`,
        `  defaultNetstreamDriverKeyFile="${place.path("server.key")}")`,
        'module(load="imudp")',
        'module(load="imtcp")',
        `input(type="imudp" address="${this.address}" port="5514")`,
        `input(type="imtcp" address="${this.address}" port="5601")`,
        `input(type="imtcp" address="${this.address}" port="5614" ${tls})`,
        'template(name="json" type="list") {\n  constant(value="{")',
        properties.join(between),
        '  constant(value="}\\n")\n}',
        `action(type="omfile" file="${place.path("received")}" template="json")`,
      ].join("\n"),
    );
  }

  /** Begins to listen, and waits until it does. */
  async start(): Promise<void> {
    const rsyslog = findRsyslog();
    if (rsyslog === null) throw new Error("there is no rsyslogd");
    const { program, libraries } = rsyslog;
    const files = ["-f", this.#place.path("rsyslog.conf"), "-i", this.#place.path("rsyslogd.pid")];
    const modules = libraries === null ? [] : ["-M", join(libraries, "rsyslog")];
    this.#process = Bun.spawn([program, "-n", ...files, ...modules], {
      env: { ...process.env, ...(libraries === null ? {} : { LD_LIBRARY_PATH: libraries }) },
      stdio: ["ignore", Bun.file(this.#place.path("rsyslogd.out")), Bun.file(this.#place.path("rsyslogd.err"))],
    });
    for (const port of [5601, 5614]) while (!(await accepts(this.address, port))) await Bun.sleep(5);
  }

  async stop(): Promise<void> {
    this.#process?.kill("SIGTERM");
    await this.#process?.exited;
    this.#process = null;
  }

  /** What has arrived so far. */
  received(): readonly ReceivedMessage[] {
    const file = this.#place.path("received");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    return text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as ReceivedMessage);
  }

  async until(accept: (messages: readonly ReceivedMessage[]) => boolean): Promise<readonly ReceivedMessage[]> {
    await untilTrue(() => accept(this.received()));
    return this.received();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
  }
}

async function accepts(hostname: string, port: number): Promise<boolean> {
  try {
    (await Bun.connect({ hostname, port, socket: { data() {} } })).end();
    return true;
  } catch {
    return false;
  }
}

/** Makes ca.pem, and server.pem with server.key signed by it for "logs.test", in the place; other-ca.pem has signed nothing. */
export async function makeCertificates(place: TestPlace): Promise<void> {
  const openssl = async (...words: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await Bun.$`openssl ${words}`.cwd(place.directory).nothrow().quiet();
    if (exitCode !== 0) throw new Error(`openssl ${words.join(" ")}: ${stderr.toString()}`);
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  for (const name of ["ca", "other-ca"])
    await openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-subj",
      `/CN=${name}`,
      "-days",
      "2",
    );
  await openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=logs.test");
  writeFileSync(place.path("server.ext"), "subjectAltName=DNS:logs.test\n");
  const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  await openssl(
    "x509",
    "-req",
    "-in",
    "server.csr",
    ...signer,
    "-out",
    "server.pem",
    "-days",
    "2",
    "-extfile",
    "server.ext",
  );
}
