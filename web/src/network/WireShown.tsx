import { type Column, count, Mark, Section, Table } from "../authority/kit";
import type { Wire, WireLink } from "./answers";
import { plain, rate } from "./figures";
import { causeOf } from "./Queues";
import { partOf, ratesOf, type Taken } from "./rates";
import { type End, endsOf, grouped } from "./wireLinks";
import { t } from "./words";

/** The wire: every link by where it leads, those on which nothing has passed folded away. */
export function WireShown(props: {
  now: Taken<Wire | null>;
  before: Taken<Wire | null> | null;
  ids: readonly string[];
  nameOf: (id: string) => string;
}) {
  const w = t.value;
  const wire = props.now.value;
  if (wire === null) {
    return (
      <Section title={w.wire} lead={w.wireLead}>
        <p class="faint">{w.noWire}</p>
      </Section>
    );
  }
  const rates = ratesOf(
    partOf(props.before, (value) => value?.links),
    { value: wire.links, atS: props.now.atS },
    (each) => each.name,
    (each) => each.octets,
  );
  const { sites, landings, idle } = grouped(wire.links, props.ids);
  const shared = { rates, nameOf: props.nameOf };
  return (
    <Section
      title={w.wire}
      lead={w.wireLead}
      actions={
        <Mark level={wire.privileged ? "good" : "notice"}>
          {wire.privileged ? w.privileged : w.unprivileged}
        </Mark>
      }
    >
      <Links title={w.siteLinks} links={sites} {...shared} />
      {landings.length > 0 ? <Links title={w.landingLinks} links={landings} {...shared} /> : null}
      {idle.length > 0 ? (
        <details class="idle">
          <summary>{w.idle(idle.length)}</summary>
          <p class="faint">{w.idleText}</p>
          <ul class="idle-links">
            {idle.map((link) => (
              <li key={link.name}>
                <LinkName link={link} nameOf={props.nameOf} />
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </Section>
  );
}

function Links(props: {
  title: string;
  links: readonly WireLink[];
  rates: Map<string, number>;
  nameOf: (id: string) => string;
}) {
  const w = t.value;
  const columns: Column<WireLink>[] = [
    {
      key: "link",
      title: w.link,
      cell: (each) => <LinkName link={each} nameOf={props.nameOf} />,
    },
    { key: "packets", title: w.packets, end: true, cell: (each) => count(each.packets) },
    { key: "rate", title: w.rate, end: true, cell: (each) => rate(props.rates.get(each.name)) },
    { key: "waiting", title: w.waiting, end: true, cell: (each) => count(each.waiting) },
    { key: "drops", title: w.dropped, cell: (each) => <LinkDrops link={each} /> },
  ];
  return (
    <section class="told-part told-links">
      <h3>{props.title}</h3>
      {props.links.length === 0 ? (
        <p class="faint">{w.noLinks}</p>
      ) : (
        <Table
          caption={props.title}
          columns={columns}
          rows={props.links}
          rowKey={(each) => each.name}
        />
      )}
    </section>
  );
}

function LinkDrops(props: { link: WireLink }) {
  const found = Object.entries(props.link.drops).filter(([, number]) => number > 0);
  if (found.length === 0) return <span class="faint">–</span>;
  return (
    <ul class="link-drops">
      {found.map(([cause, number]) => (
        <li key={cause}>
          {count(number)} <bdi class="faint">{causeOf(cause)}</bdi>
        </li>
      ))}
    </ul>
  );
}

function LinkName(props: { link: WireLink; nameOf: (id: string) => string }) {
  const w = t.value;
  const ends = endsOf(props.link);
  if (ends === null) return <bdi class="code">{plain(props.link.name)}</bdi>;
  return (
    <span class="link-name">
      <EndName end={ends.from} nameOf={props.nameOf} />
      <span aria-hidden="true" class="faint">
        →
      </span>
      <span class="unseen">{w.to}</span>
      <EndName end={ends.to} nameOf={props.nameOf} />
    </span>
  );
}

function EndName(props: { end: End; nameOf: (id: string) => string }) {
  const w = t.value;
  const { end } = props;
  if (end.kind === "exchange") return <span>{w.exchangePoint}</span>;
  if (end.kind === "landing") {
    return (
      <span>
        <span class="faint">{w.landingOf}</span> <bdi class="landing-name">{plain(end.name)}</bdi>
      </span>
    );
  }
  return (
    <span>
      <bdi>{plain(props.nameOf(end.name))}</bdi>
      {end.bearer ? (
        <>
          {" "}
          <bdi class="faint">{plain(end.bearer)}</bdi>
        </>
      ) : null}
    </span>
  );
}
