import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatagramReceiver } from "../datagram-receiver.ts";
import { TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

test("a supervisor in the foreground tells its own manager when it is ready, reloads and ends", async () => {
  using place = new TestPlace({ "sleeper.toml": 'command = ["sleep", "1000"]' });
  const socket = join(place.directory, "manager.sock");
  using receiver = new DatagramReceiver(socket);
  const messages: string[] = [];
  const hear = (accept: () => boolean): Promise<void> =>
    untilTrue(() => {
      for (let bytes = receiver.read(); bytes !== null; bytes = receiver.read())
        messages.push(Buffer.from(bytes).toString());
      return accept();
    });

  const env = { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "20000" };
  const child = Bun.spawn([...place.startWords({ foreground: true })], { env, stdout: "ignore", stderr: "ignore" });
  await hear(() => messages.some((message) => message.startsWith("READY=1\nSTATUS=1 service")));
  await hear(() => messages.includes("WATCHDOG=1"));
  await using supervisor = await TestSupervisor.connect(place);
  const ready = messages.filter((message) => message.startsWith("READY=1")).length;
  expect((await supervisor.command("reload")).code).toBe(0);
  await hear(() => messages.some((message) => message.startsWith("RELOADING=1\n")));
  const began = Number(
    /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/m.exec(messages.find((message) => message.startsWith("RELOADING")) ?? "")?.[1],
  );
  // The clock of /proc/uptime, suspended time aside: at most some minutes ago, and not since a process began.
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
  expect(began).toBeGreaterThan(uptime - 60e6);
  expect(began).toBeLessThanOrEqual(uptime + 1e6);
  await hear(() => messages.filter((message) => message.startsWith("READY=1")).length > ready);

  child.kill("SIGTERM");
  await hear(() => messages.some((message) => message.startsWith("STOPPING=1")));
  expect(await child.exited).toBe(0);
});
