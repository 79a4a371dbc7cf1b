/* Fits the kernel to what hears the services. Part of the composition root. */
import { errnoNameOf } from "./os/errno-names.ts";
import { HangupWatch } from "./os/hangup-watch.ts";
import { monotonicMicros } from "./os/micro-clock.ts";
import { NotifyPlace } from "./os/notify-place.ts";
import { NotifyReceiver } from "./os/notify-socket.ts";
import { readPipe } from "./os/pipe-io.ts";
import { isSameOpenFile } from "./os/same-file.ts";
import type { NotifyKernel } from "./supervisor/notify-companions.ts";

/** To be called as the user who the supervisor stays. Only root's services are of other users than itself. */
export function makeNotifyKernel(runtimeDirectory: string): NotifyKernel {
  const place = new NotifyPlace(runtimeDirectory, process.geteuid?.() === 0);
  const receiver = new NotifyReceiver();
  return {
    sockets: {
      open: () => place.open(),
      reopen: (address) => place.reopen(address),
      adopt: (socket) => place.adopt(socket),
      receive: (fd) => receiver.receive(fd),
      dismiss: (fd) => receiver.dismiss(fd),
      close: (socket) => place.close(socket),
    },
    hangups: new HangupWatch(),
    isSameOpenFile,
    errnoNameOf,
    kernelMicros: monotonicMicros,
    read(fd, buffer) {
      const result = readPipe(fd, buffer, { offset: 0, most: buffer.length });
      if (result.tag === "read") return result.count;
      return result.tag === "empty" ? "empty" : "ended";
    },
  };
}
