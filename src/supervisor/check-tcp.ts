import { type Attempt, type Conclude, failed } from "./check-result.ts";
import { Connection, type ConnectionPorts, type Place } from "./connection.ts";

/** Good if somebody accepts the connection, which is closed at once. */
export function attemptTcp(place: Place, ports: ConnectionPorts, conclude: Conclude): Attempt {
  const connection = new Connection(place, ports, {
    connected() {
      connection.close();
      conclude({ ok: true, detail: "accepted a connection", output: "" });
    },
    failed: (reason) => conclude(failed(reason)),
  });
  return {
    giveUp() {
      connection.close();
      return null;
    },
  };
}
