/* Composition root of a Worker that reads logs for one request. */
import { lookAtLogFile } from "./os/log-file.ts";
import { lowerPriorityOfThread } from "./os/low-priority.ts";
import { openReadableLog } from "./os/readable-log.ts";
import { threadNumber } from "./os/thread.ts";
import type { ToReader } from "./reading/read-messages.ts";
import { Reader } from "./reading/reader.ts";

declare const self: Worker;

const reader = new Reader({
  files: { lookAtLogFile, openReadableLog },
  post: (message) => self.postMessage(message, "bytes" in message ? [message.bytes.buffer] : []),
  stepBack: lowerPriorityOfThread,
  yield: () => new Promise((resolve) => void setImmediate(resolve)),
  thread: threadNumber(),
});
self.onmessage = (event: MessageEvent<ToReader>) => void reader.take(event.data);
