import { type Attempt, type Conclude, failed } from "./check-result.ts";
import { type Place, openConnection } from "./connection.ts";

/** Good if somebody accepts the connection, which is closed at once. */
export function attemptTcp(place: Place, conclude: Conclude): Attempt {
  const end = openConnection(place, {
    connected(socket) {
      socket.destroy();
      conclude({ ok: true, detail: "accepted a connection", output: "" });
    },
    failed: (reason) => conclude(failed(reason)),
  });
  return {
    giveUp() {
      end();
      return null;
    },
  };
}
