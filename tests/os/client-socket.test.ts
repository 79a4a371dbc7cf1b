import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-client-socket-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const MODULE = join(import.meta.dir, "..", "..", "src", "os", "client-socket.ts");
/** With and without the compiler that foreign functions need. */
const SURROUNDINGS = [{}, { BUN_JSC_useJIT: "0" }];

/** Runs a program that may ask this process: it is another one, as who waits for an answer hears nothing else meanwhile. */
async function runProgram(body: string, socket: string, more: object = {}): Promise<string> {
  const program = `import { connectClient } from ${JSON.stringify(MODULE)};
    const path = ${JSON.stringify(socket)};
    const text = (bytes) => typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
    /** All that comes, in both ways of waiting, until there is no more. */
    async function all(socket) {
      let [whole, way] = ["", "soon"];
      for (;;) {
        const next = way === "soon" ? socket.receiveSoon() : await socket.receive();
        if (next === null) way = "later";
        else if (typeof next === "string" || next.length === 0) return { whole, way, end: text(next) };
        else whole += text(next);
      }
    }
    ${body}`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", env: { ...process.env, ...more } });
  const out = await child.stdout.text();
  await child.exited;
  return out;
}

let count = 0;
/** Listens, and calls `say` with what a client has sent so far. */
function listen(say: (peer: Bun.Socket<undefined>, heard: string) => void) {
  const path = join(directory, `${++count}.sock`);
  let heard = "";
  const listener = Bun.listen({
    unix: path,
    socket: {
      open() {
        heard = "";
      },
      data(peer, bytes) {
        heard += bytes.toString();
        say(peer, heard);
      },
    },
  });
  return { path, [Symbol.dispose]: () => listener.stop(true) };
}

const ASK = `console.log(JSON.stringify(await all(await connectClient(path, new TextEncoder().encode("hello")))));`;

test.each(SURROUNDINGS)("what is answered at once comes whole, to its end (%j)", async (more) => {
  using server = listen((peer, heard) => void peer.end(`${heard}, world`));
  expect(JSON.parse(await runProgram(ASK, server.path, more))).toMatchObject({ whole: "hello, world", end: "" });
});

test.each(SURROUNDINGS)("what is answered late comes as well, and timers go on meanwhile (%j)", async (more) => {
  let peer: Bun.Socket<undefined> | null = null;
  using server = listen((from, heard) => {
    if (heard === "hello") {
      from.write("first ");
      peer = from;
    }
    if (heard === "tick") peer?.end("last");
  });
  const body = `
    // The answer ends only after this one has been heard, which takes a timer of this program.
    setTimeout(() => connectClient(path, new TextEncoder().encode("tick")), 50);
    ${ASK} process.exit(0);`;
  expect(JSON.parse(await runProgram(body, server.path, more))).toEqual({ whole: "first last", way: "later", end: "" });
});

test.each(SURROUNDINGS)("a signal is heard while an answer is waited for (%j)", async (more) => {
  using server = listen((peer, heard) => {
    if (heard === "interrupted") peer.end();
    else process.kill(Number(heard), "SIGINT");
  });
  const body = `
    const encoder = new TextEncoder();
    process.on("SIGINT", async () => {
      console.log("heard");
      await connectClient(path, encoder.encode("interrupted"));
      process.exit(0);
    });
    await all(await connectClient(path, encoder.encode(String(process.pid))));`;
  expect(await runProgram(body, server.path, more)).toBe("heard\n");
});

test.each(SURROUNDINGS)("more than a socket takes at once is sent and received whole (%j)", async (more) => {
  const most = 3_000_000;
  using server = listen((peer, heard) => {
    if (heard.length === most) peer.end(String(heard.length));
  });
  const body = `
    const socket = await connectClient(path, new Uint8Array(${most}).fill(97));
    console.log((await all(socket)).whole);`;
  expect(await runProgram(body, server.path, more)).toBe(`${most}\n`);
});

test.each(SURROUNDINGS)("where nobody listens, the errno says so (%j)", async (more) => {
  const body = `console.log(await connectClient(path, new Uint8Array(1)));`;
  expect(await runProgram(body, join(directory, "none.sock"), more)).toBe("ENOENT\n");
  const plain = join(directory, "plain");
  await Bun.write(plain, "");
  expect(await runProgram(body, plain, more)).toBe("ECONNREFUSED\n");
});
