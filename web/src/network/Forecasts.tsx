import { Mark, momentOf, now } from "../authority/kit";
import { inLanguage } from "../frame/language";
import type { Bearer, Forecast } from "./answers";
import { Told } from "./figures";
import { type Span, spanOf } from "./forecasts";
import { t } from "./words";

const LEVELS: Record<Span, "good" | "quiet" | "notice"> = {
  speaks: "good",
  ahead: "quiet",
  over: "notice",
  unread: "notice",
};

/** Of which bearers the rates are foretold, until when, and what is wrong with a file. */
export function Forecasts(props: { bearers: readonly Bearer[] }) {
  const lines = props.bearers.flatMap(({ name, forecast }) =>
    forecast === null ? [] : [<Line key={name} name={name} forecast={forecast} />],
  );
  return lines.length === 0 ? null : <ul class="forecasts">{lines}</ul>;
}

function Line(props: { name: string; forecast: Forecast }) {
  const w = t.value.forecast;
  const { forecast } = props;
  const span = spanOf(forecast, now.value);
  return (
    <li>
      <span class="forecast-span">
        <span>
          {w.of} <Told text={props.name} />
        </span>{" "}
        <Mark level={LEVELS[span]}>{told(span, forecast)}</Mark>
      </span>
      {forecast.problem === null ? null : (
        <span class="small forecast-problem">
          <Told text={inLanguage(forecast.problem)} />
        </span>
      )}
    </li>
  );
}

function told(span: Span, { start, end }: Forecast): string {
  const w = t.value.forecast;
  if (span === "unread" || start === null || end === null) return w.unread;
  return span === "ahead" ? w.ahead(momentOf(start)) : w[span](momentOf(end));
}
