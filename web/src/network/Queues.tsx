import { PRECEDENCES } from "../api/authority";
import { type Column, count, kitWords, Table } from "../authority/kit";
import type { Queue } from "./answers";
import { milliseconds, plain } from "./figures";
import { Part } from "./Part";
import { t } from "./words";

/** What waits by precedence, the most urgent first. */
export function Queues(props: { queues: readonly Queue[] }) {
  const w = t.value;
  const rows = [...props.queues].sort(
    (a, b) => PRECEDENCES.indexOf(b.precedence) - PRECEDENCES.indexOf(a.precedence),
  );
  const columns: Column<Queue>[] = [
    {
      key: "precedence",
      title: w.precedence,
      cell: (each) => kitWords.value.precedences[each.precedence],
    },
    { key: "waiting", title: w.waiting, end: true, cell: (each) => count(each.waiting_packets) },
    {
      key: "delay",
      title: w.meanDelay,
      end: true,
      // The mean of nothing is no delay of zero.
      cell: (each) => milliseconds(each.sent_packets === 0 ? null : each.mean_delay_ms),
    },
    { key: "sent", title: w.sent, end: true, cell: (each) => count(each.sent_packets) },
    { key: "dropped", title: w.dropped, end: true, cell: (each) => count(each.dropped) },
  ];
  return (
    <Part title={w.queues} class="told-queues">
      {rows.length === 0 ? (
        <p class="faint">{w.noQueues}</p>
      ) : (
        <Table
          caption={w.queues}
          columns={columns}
          rows={rows}
          rowKey={(each) => each.precedence}
        />
      )}
    </Part>
  );
}

export const causeOf = (cause: string): string =>
  Object.hasOwn(t.value.causes, cause) ? (t.value.causes[cause] ?? cause) : plain(cause);

/** Drops by cause, the most frequent first. */
export function Drops(props: { dropped: Record<string, number> }) {
  const w = t.value;
  const causes = Object.entries(props.dropped)
    .filter(([, number]) => number > 0)
    .sort(([, a], [, b]) => b - a);
  return (
    <Part title={w.drops} class="told-drops">
      {causes.length === 0 ? (
        <p class="faint">{w.noDrops}</p>
      ) : (
        <dl class="drops">
          {causes.map(([cause, number]) => (
            <div key={cause}>
              <dt>
                <bdi>{causeOf(cause)}</bdi>
              </dt>
              <dd>{count(number)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Part>
  );
}
