import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { inLanguage, language, words } from "./language";
import { type Connection, catalogue, clock, connection, notices, skyTime } from "./state";
import { dateOf, inRome, inUtc } from "./time";

/** The strip under the header: sky time, what that time is, the catalogue, what is amiss.

Where no sky is shown, only what is amiss. */
export function StatusStrip(props: { sky: boolean }) {
  const t = words.value;
  const { state } = connection.value;
  if (!props.sky && notices.value.length === 0 && state !== "waiting") return null;
  return (
    <section class="strip" aria-label={t.status}>
      {props.sky ? (
        <>
          <ModeBadge />
          <SkyTime />
          <CatalogueSource />
          <span class="strip-space" />
        </>
      ) : null}
      <Notices />
      {props.sky || state === "waiting" ? <ConnectionState connection={connection.value} /> : null}
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
    <span class={`strip-time strip-time-${now?.mode ?? "now"}`} title={t.skyTime}>
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
      <bdi>{from.source}</bdi> <span class="faint">· {age}</span>
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
        : t.waiting[now.why];
  return (
    <span class={`connection connection-${now.state}`} id="connection" role="status">
      <span class="connection-dot" aria-hidden="true" />
      <span class="connection-word">
        {said}
        {/* Counted down for the eye only: read out every second it would drown everything else. */}
        {now.state === "waiting" ? (
          <span aria-hidden="true">; {t.retrying(now.retryInS)}</span>
        ) : null}
      </span>
    </span>
  );
}

/** A badge that opens the sentences behind it. */
function Explained(props: { id: string; class: string; label: string; text: string | string[] }) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLSpanElement>(null);
  // At once, not after the next picture: whoever presses Escape quickly means it too.
  useLayoutEffect(() => {
    if (!open) return;
    const clicked = (event: MouseEvent) => {
      // Its sentences may be marked and copied; the button opens and closes by itself.
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      // One press closes one thing: panels leave a press alone that was taken.
      event.preventDefault();
    };
    document.addEventListener("click", clicked);
    document.addEventListener("keydown", pressed, { capture: true });
    return () => {
      document.removeEventListener("click", clicked);
      document.removeEventListener("keydown", pressed, { capture: true });
    };
  }, [open]);
  const sentences = typeof props.text === "string" ? [props.text] : props.text;
  return (
    <span class="explained" ref={place}>
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
