/**
 * A program for tests: a main thread with the real queue and the real Worker. It reads commands from standard input, one
 * a line, and answers each with a line: so a main thread that stands still is one that does not answer.
 */
import type { SyslogSettings } from "../../src/log/syslog-messages.ts";
import { SyslogQueue } from "../../src/log/syslog-queue.ts";
import { syslogThreadOf } from "../../src/log/syslog-thread.ts";
import type { SyslogSeverity } from "../../src/core/log-policy.ts";
import { millis } from "../../src/core/units.ts";

let worker: Worker | null = null;

const settings: SyslogSettings = { ident: "daemonsup", facility: "daemon", options: ["pid", "ndelay"], level: "debug" };
const queue = new SyslogQueue({
  settings,
  start: (listener) => {
    worker = new Worker(new URL("../../src/syslog-worker.ts", import.meta.url).href, { smol: true });
    return syslogThreadOf(worker, listener);
  },
});

for await (const line of console) {
  console.log(await answerOf(line.split(" ")));
}

async function answerOf([command = "", ...words]: readonly string[]): Promise<string> {
  switch (command) {
    case "ping":
      return "pong";
    case "one": {
      const [severity = "info", ...text] = words;
      queue.send(severity as SyslogSeverity, text.join(" ").replaceAll("\\n", "\n"));
      return "taken";
    }
    case "many":
      for (let number = 1; number <= Number(words[0]); number++) queue.send("info", `number ${number}.`);
      return "taken";
    case "facility":
      queue.configure({ ...settings, facility: "local3", level: "notice" });
      return "taken";
    case "outstanding":
      return `${queue.outstanding} ${queue.dropped}`;
    case "flush":
      return `${await queue.flush(millis(Number(words[0])))}`;
    case "end-worker":
      worker?.terminate();
      return "ended";
    case "close": {
      const left = await queue.close(millis(Number(words[0])));
      console.log(`${left}`);
      return process.exit(0);
    }
    default:
      return "what?";
  }
}
