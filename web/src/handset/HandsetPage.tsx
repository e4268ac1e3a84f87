import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../authority/kit/States";
import { Emblem } from "../frame/Emblem";
import { formatted, language, switchLanguage, words } from "../frame/language";
import { switchTheme, theme } from "../frame/theme";
import { inRome, momentOf } from "../frame/time";
import { type Alert, isOver, textIn } from "./inbox";
import {
  condition,
  handset,
  inbox,
  now,
  read,
  refusal,
  showAgain,
  shown,
  speaker,
  switchOn,
} from "./listening";
import { t } from "./words";

/** An ordinary phone: a clock, and what is on the air where it stands. */
export function HandsetPage() {
  const w = t.value;
  const [alert] = shown.value;
  return (
    <>
      <header class="handset-head">
        <Emblem />
        <h1>{w.title}</h1>
        <button
          type="button"
          class="quiet-button"
          aria-label={words.value.languageSwitch}
          onClick={switchLanguage}
        >
          {words.value.languageShort}
        </button>
        <button
          type="button"
          class="quiet-button"
          aria-label={theme.value === "dark" ? words.value.themeToLight : words.value.themeToDark}
          onClick={switchTheme}
        >
          {theme.value === "dark" ? "☀" : "☾"}
        </button>
      </header>
      <p class="handset-not-real">{w.notReal}</p>
      <main id="content" class="handset" lang={language.value} tabIndex={-1}>
        {alert && speaker.value ? <AlertScreen key={alert.key} alert={alert} /> : <LockScreen />}
      </main>
    </>
  );
}

function LockScreen() {
  const w = t.value;
  const state = condition.value;
  const where = handset.value;
  return (
    <div class="lock">
      <p class="lock-time">
        <time dateTime={new Date(now.value * 1000).toISOString()}>
          {inRome(now.value).slice(0, 5)}
        </time>
      </p>
      {where ? (
        <p class="lock-name">
          <strong>
            <bdi>{where.name}</bdi>
          </strong>{" "}
          {w.at(formatted(where.lat_deg, 3), formatted(where.lon_deg, 3))}
        </p>
      ) : null}
      {state === "opening" ? <p role="status">{w.opening}</p> : null}
      {state === "none" ? (
        <div role="status">
          <h2>{w.noneTitle}</h2>
          <p>{w.none}</p>
        </div>
      ) : null}
      {state === "refused" ? <Problem error={refusal.value} /> : null}
      {state === "off" ? <p role="status">{w.off}</p> : null}
      {(state === "listening" || state === "off") && !speaker.value ? (
        <div class="lock-switch">
          <button type="button" class="button handset-on" onClick={switchOn}>
            {w.switchOn}
          </button>
          <p>{w.switchOnLead}</p>
        </div>
      ) : null}
      {state === "listening" && speaker.value ? (
        <p role="status">
          {w.listening}. {inbox.value.some((each) => !isOver(each, inbox.value)) ? "" : w.waiting}
        </p>
      ) : null}
      {where ? <History /> : null}
    </div>
  );
}

/** A message over everything, as phones show warnings: it is read out, and takes the keyboard. */
function AlertScreen(props: { alert: Alert }) {
  const w = t.value;
  const { alert } = props;
  const [wanted, setWanted] = useState<string>(language.value);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const told = textIn(alert, wanted);
  const over = isOver(alert, inbox.value);
  return (
    <section class={`alert alert-${alert.channel}`} role="alert" aria-labelledby="alert-title">
      <h2 id="alert-title" ref={heading} tabIndex={-1}>
        {alert.cancelled ? `${w.cancelled} · ` : ""}
        {w.channels[alert.channel]}
        {over && !alert.cancelled ? ` (${w.over})` : ""}
      </h2>
      <p class="alert-means">{w.notAWarning[alert.channel]}</p>
      {alert.texts.length > 1 ? (
        <fieldset class="segmented">
          <legend class="unseen">{w.language}</legend>
          {alert.texts.map((each) => (
            <button
              key={each.language}
              type="button"
              aria-pressed={each.language === told?.language}
              onClick={() => setWanted(each.language)}
            >
              {w.languages[each.language] ?? each.language}
            </button>
          ))}
        </fieldset>
      ) : null}
      <p class="alert-text" lang={told?.language} dir="auto">
        {told?.text}
      </p>
      <p class="faint">{momentOf(alert.heard, language.value)}</p>
      <div class="alert-acts">
        <button type="button" class="button" onClick={() => speaker.value?.silence()}>
          {w.silence}
        </button>
        <button type="button" class="button handset-on" onClick={read}>
          {w.seen}
        </button>
      </div>
    </section>
  );
}

function History() {
  const w = t.value;
  const list = inbox.value;
  return (
    <section class="history" aria-label={w.history}>
      <h2>{w.history}</h2>
      {list.length === 0 ? <p class="faint">{w.noHistory}</p> : null}
      <ol>
        {list.map((each) => {
          const told = textIn(each, language.value);
          return (
            <li key={each.key} class={`history-${each.channel}`}>
              <p>
                <strong>
                  {each.cancelled ? `${w.cancelled} · ` : ""}
                  {w.channels[each.channel]}
                </strong>{" "}
                <span class="faint">
                  {momentOf(each.heard, language.value)}
                  {isOver(each, list) ? `, ${w.over}` : ""}
                </span>
              </p>
              <p class="history-text" lang={told?.language} dir="auto">
                {told?.text}
              </p>
              {speaker.value ? (
                <button type="button" class="link" onClick={() => showAgain(each)}>
                  {w.show}
                </button>
              ) : null}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
