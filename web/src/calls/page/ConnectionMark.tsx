import { clock, shown } from "./desk";
import { t } from "./words";

/** Whether calls reach this page; seconds are counted for the eye only. */
export function ConnectionMark() {
  const w = t.value;
  const { connection, at } = shown.value;
  const good = connection.state === "attending";
  const look = good ? "connected" : connection.state === "waiting" ? "waiting" : "connecting";
  const left =
    connection.state === "waiting"
      ? Math.max(0, Math.ceil(connection.retryInS - (clock.value - at) / 1000))
      : null;
  return (
    <span class={`connection connection-${look} phone-connection`} role="status">
      <span class="connection-dot" aria-hidden="true" />
      <span>{w.connections[connection.state]}</span>
      {left === null ? null : <span aria-hidden="true">{w.retryIn(left)}</span>}
    </span>
  );
}
