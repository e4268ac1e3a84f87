/** Exactly what would go out, read from the alert that is signed. */

import "./release.css";
import { momentOf } from "../authority/kit";
import { formatted } from "../frame/language";
import { AreaPicture } from "./AreaPicture";
import { ChannelBanner } from "./ChannelFrame";
import { type CapAlert, type CapInfo, outlineOf, sameAreas } from "./capAlert";
import type { Channel } from "./shapes";
import { t } from "./words";

export function ReleaseShown(props: {
  channel: Channel;
  level: string;
  alert: CapAlert;
  /** As the authority counts them; not signed. */
  people?: number;
}) {
  const w = t.value;
  const { alert } = props;
  const [first] = alert.infos;
  const description = [...new Set(first?.areas.map((each) => each.description))].join("; ");
  return (
    <div class="release">
      <ChannelBanner channel={props.channel} level={props.level} />
      <div class="release-area">
        <AreaPicture outline={outlineOf(alert)} channel={props.channel} label={description} />
        <dl class="facts">
          <dt>{w.area}</dt>
          <dd>
            <bdi>{description}</bdi>
          </dd>
          {props.people === undefined ? null : (
            <>
              <dt>{w.peopleInside}</dt>
              <dd>
                {formatted(props.people)} <span class="faint">{w.peopleUnsigned}</span>
              </dd>
            </>
          )}
          <dt>{w.kind}</dt>
          <dd>
            {w.messageTypes[alert.messageType] ?? alert.messageType}
            {alert.references ? <bdi class="code"> {alert.references}</bdi> : null}
          </dd>
          <dt>{w.ends}</dt>
          <dd>{momentTold(first?.expires ?? "")}</dd>
          <dt>{w.identifier}</dt>
          <dd>
            <bdi class="code">{alert.identifier}</bdi>
          </dd>
        </dl>
      </div>
      {sameAreas(alert) ? null : (
        <p class="problem" role="alert">
          {w.areasDiffer}
        </p>
      )}
      <Infos alert={alert} />
    </div>
  );
}

/** Every language side by side; what phones show stands first. */
export function Infos(props: { alert: CapAlert }) {
  return (
    <div class="languages">
      {props.alert.infos.map((info) => (
        <Info key={info.language} info={info} />
      ))}
    </div>
  );
}

function Info(props: { info: CapInfo }) {
  const w = t.value;
  const { info } = props;
  const code = (list: Record<string, string>, value: string) =>
    value
      .split(", ")
      .map((each) => list[each] ?? each)
      .join(", ");
  return (
    <section class="language" aria-label={w.languageName(info.language)}>
      <h4>{w.languageName(info.language)}</h4>
      <p class="faint">{w.onPhones}</p>
      <p class="phone-text" lang={info.language} dir="auto">
        {info.broadcast || [info.headline, info.instruction].filter(Boolean).join("\n")}
      </p>
      <dl class="facts" lang={info.language}>
        {(["event", "headline", "description", "instruction"] as const).map((name) =>
          info[name] ? (
            <div key={name} class="fact">
              <dt>{w.textNames[name]}</dt>
              <dd dir="auto">{info[name]}</dd>
            </div>
          ) : null,
        )}
      </dl>
      <p class="faint">
        {[
          code(w.categories, info.category),
          code(w.responses, info.response),
          code(w.urgencies, info.urgency),
          code(w.severities, info.severity),
          code(w.certainties, info.certainty),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {info.web || info.contact ? (
        <p class="faint">
          <bdi>{[info.web, info.contact].filter(Boolean).join(" · ")}</bdi>
        </p>
      ) : null}
    </section>
  );
}

function momentTold(written: string): string {
  const time = Date.parse(written.replace("-00:00", "Z"));
  return Number.isNaN(time) ? written : momentOf(time / 1000);
}
