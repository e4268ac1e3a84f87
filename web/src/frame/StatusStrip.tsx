import { useEffect, useState } from "preact/hooks";
import { inLanguage, language, words } from "./language";
import { type Connection, catalogue, clock, connection, notices, skyTime } from "./state";
import { dateOf, inRome, inUtc } from "./time";

/** The strip under the header: sky time, what that time is, the catalogue, what is amiss. */
export function StatusStrip() {
  const t = words.value;
  return (
    <section class="strip" aria-label={t.status}>
      <ModeBadge />
      <SkyTime />
      <CatalogueSource />
      <span class="strip-space" />
      <Notices />
      <ConnectionState connection={connection.value} />
    </section>
  );
}

function ModeBadge() {
  const t = words.value;
  const now = clock.value;
  if (!now) return null;
  const replay = now.mode === "replay";
  return (
    <Explained
      class={replay ? "badge badge-replay" : "badge badge-now"}
      id="mode"
      label={replay ? t.replay : t.now}
      text={replay ? t.replayMeaning : t.nowMeaning}
    />
  );
}

function SkyTime() {
  const t = words.value;
  const time = skyTime.value;
  const now = clock.value;
  if (time === null) return null;
  return (
    <span class="strip-time" title={t.skyTime}>
      <span class="strip-date">{dateOf(time, language.value)}</span>
      <time id="sky-time" data-posix={time} dateTime={new Date(time * 1000).toISOString()}>
        {inUtc(time)}
      </time>
      <span class="strip-zone">{t.utc}</span>
      <span class="strip-rome">
        {inRome(time)} <span class="strip-zone">{t.rome}</span>
      </span>
      {now?.paused ? <span class="badge badge-quiet">{t.paused}</span> : null}
      {now && !now.paused && now.rate !== 1 ? (
        <span class="badge badge-quiet">{t.rate(now.rate)}</span>
      ) : null}
    </span>
  );
}

function CatalogueSource() {
  const t = words.value;
  const from = catalogue.value;
  if (!from) return null;
  const age = from.ageless ? t.ageless : t.catalogueOf(dateOf(from.epoch, language.value));
  return (
    <span class="strip-catalogue" title={`${t.catalogue}: ${from.source}`}>
      {from.source} <span class="faint">· {age}</span>
      {from.broken > 0 ? <span class="faint"> · {t.brokenRecords(from.broken)}</span> : null}
    </span>
  );
}

function Notices() {
  const items = notices.value;
  if (items.length === 0) return null;
  const worst = items.some((item) => item.level === "warning") ? "badge-warning" : "badge-notice";
  return (
    <Explained
      class={`badge ${worst}`}
      id="notices"
      label={words.value.notices(items.length)}
      text={items.map((item) => inLanguage(item.text))}
    />
  );
}

function ConnectionState(props: { connection: Connection }) {
  const t = words.value;
  const { connection: now } = props;
  const said =
    now.state === "connected"
      ? t.connected
      : now.state === "connecting"
        ? t.connecting
        : t.reconnecting(now.retryInS);
  return (
    <span class={`connection connection-${now.state}`} id="connection" role="status">
      <span class="connection-dot" aria-hidden="true" />
      <span class="connection-word">{said}</span>
    </span>
  );
}

/** A badge that opens the sentences behind it. */
function Explained(props: { id: string; class: string; label: string; text: string | string[] }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent && event.key !== "Escape") return;
      setOpen(false);
    };
    document.addEventListener("click", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("keydown", close);
    };
  }, [open]);
  const sentences = typeof props.text === "string" ? [props.text] : props.text;
  return (
    <span class="explained">
      <button
        type="button"
        id={props.id}
        class={props.class}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {props.label}
      </button>
      {open ? (
        <span class="explanation" role="note">
          {sentences.map((sentence) => (
            <span key={sentence}>{sentence}</span>
          ))}
        </span>
      ) : null}
    </span>
  );
}
