import { useEffect, useMemo, useState } from "preact/hooks";
import {
  type Fleet,
  getSea,
  getSeaCells,
  type Rule,
  SEA_LAYERS,
  type Sea,
  type SeaCell,
  type SeaLayer,
} from "../../api/fleet";
import { ActionButton, CheckField, Problem, SelectField } from "../../authority/kit";
import { formatted, inLanguage } from "../../frame/language";
import { inUtc } from "../../frame/time";
import { LeverSign } from "../../globe/LeverSign";
import { plain } from "../../network/figures";
import { NOTHING } from "../shapes";
import { map } from "../state";
import { usePolled } from "../usePolled";
import { t } from "../words";
import { domainOf, frameAt, RAMP, rulesOf, shapesOf, unitOf } from "./sea";

const STEP_MS = 700;
const EVERYWHERE: Rule = { gateways: null, not_in_countries: [], lasers: "any" };

/** What a dish gets in every part of the sea, by quarters of an hour. */
export function SeaPanel(props: { fleet: Fleet }) {
  const w = t.value.sea;
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!shown) map.value?.show("sea", NOTHING);
  }, [shown, map.value]);
  return (
    <section class="card section sea" aria-labelledby="sea-title">
      <div>
        <h2 id="sea-title">
          {w.title} <LeverSign lever="observed" />
        </h2>
        <p class="soft small">{w.lead}</p>
      </div>
      <CheckField label={w.show} checked={shown} onChange={setShown} />
      {shown ? <Asked fleet={props.fleet} /> : null}
    </section>
  );
}

function Asked(props: { fleet: Fleet }) {
  const w = t.value.sea;
  const [layer, setLayer] = useState<SeaLayer>("trusted-round-trip");
  const rules = useRules(props.fleet);
  const [chosen, setChosen] = useState("");
  const trusted = rules.find(({ key }) => key === chosen) ?? rules[0];
  return (
    <>
      <SelectField
        label={w.layer}
        value={layer}
        choices={SEA_LAYERS.map((value) => ({ value, label: w.layers[value] }))}
        onChange={(value) => setLayer(SEA_LAYERS.find((each) => each === value) ?? layer)}
      />
      {layer.startsWith("trusted") && rules.length > 0 ? (
        <SelectField
          label={w.trusted}
          value={trusted?.key ?? ""}
          choices={rules.map(({ key, names }) => ({
            value: key,
            label: w.as(names.join(", ")),
          }))}
          onChange={setChosen}
        />
      ) : null}
      <Polled key={`${layer} ${trusted?.key}`} layer={layer} rule={trusted?.rule ?? EVERYWHERE} />
    </>
  );
}

/** The rules of the platforms, the same object while they say the same. */
function useRules(fleet: Fleet) {
  const found = rulesOf(
    fleet.platforms.map(({ name, landing }) => ({
      name: plain(inLanguage(name)),
      rule: landing.rule,
    })),
  );
  const said = JSON.stringify(found);
  return useMemo(() => found, [said]);
}

function Polled(props: { layer: SeaLayer; rule: Rule }) {
  const w = t.value.sea;
  const [cells, setCells] = useState<readonly SeaCell[] | null>(null);
  const { answer, error } = usePolled<Sea & { complete: boolean }>(async () => {
    if (cells === null) setCells((await getSeaCells()).cells);
    return { ...(await getSea(props.layer, props.rule)), complete: true };
  }, JSON.stringify(props));
  if (answer && cells) return <Shown answer={answer} cells={cells} />;
  return error ? (
    <Problem error={error} />
  ) : (
    <p class="platform-waiting soft" role="status">
      <span class="spinner" aria-hidden="true" />
      {w.preparing}
    </p>
  );
}

function Shown(props: { answer: Sea; cells: readonly SeaCell[] }) {
  const w = t.value.sea;
  const { answer, cells } = props;
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const last = answer.frames.length;
  const index = Math.min(at, last);
  const domain = useMemo(() => domainOf(answer), [answer]);
  const frame = frameAt(answer, index);
  useEffect(() => {
    map.value?.show("sea", shapesOf(cells, frame, domain));
  }, [map.value, cells, frame, domain]);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      setAt((before) => {
        if (before >= last) setPlaying(false);
        return Math.min(before + 1, last);
      });
    }, STEP_MS);
    return () => clearInterval(timer);
  }, [playing, last]);
  const time =
    index === 0 ? w.span : w.between(inUtc(frame.start).slice(0, 5), inUtc(frame.end).slice(0, 5));
  return (
    <>
      <div class="sea-time">
        <ActionButton
          onPress={() => {
            if (!playing && index >= last) setAt(1);
            setPlaying(!playing);
          }}
        >
          {playing ? w.pause : w.play}
        </ActionButton>
        <input
          type="range"
          min={0}
          max={last}
          value={index}
          aria-label={w.time}
          aria-valuetext={time}
          onInput={(event) => {
            setPlaying(false);
            setAt(Number(event.currentTarget.value));
          }}
        />
      </div>
      <p class="small sea-now" aria-hidden="true">
        {time}
      </p>
      <Legend answer={answer} domain={domain} />
      <Worst answer={answer} />
    </>
  );
}

function Legend(props: { answer: Sea; domain: { worst: number; best: number } | null }) {
  const w = t.value.sea;
  const unit = unitOf(props.answer.layer);
  const { domain } = props;
  if (!domain) return <p class="small">{w.nothing}</p>;
  return (
    <div
      class="sea-legend small"
      role="img"
      aria-label={w.legend(told(domain.worst, unit), told(domain.best, unit))}
    >
      <span>{told(domain.worst, unit)}</span>
      <svg viewBox={`0 0 ${RAMP.length} 1`} preserveAspectRatio="none" aria-hidden="true">
        {RAMP.map((colour, index) => (
          <rect key={colour} x={index} y="0" width="1.02" height="1" fill={colour} />
        ))}
      </svg>
      <span>{told(domain.best, unit)}</span>
    </div>
  );
}

function Worst(props: { answer: Sea }) {
  const w = t.value.sea;
  const unit = unitOf(props.answer.layer);
  return (
    <div>
      <h3 class="small">{w.worst}</h3>
      <ol class="sea-worst small">
        {props.answer.worst.map(({ cell, name, lat_deg, lon_deg, value }) => (
          <li key={cell}>
            <button
              type="button"
              class="link"
              onClick={() => map.value?.look([[lon_deg, lat_deg]])}
            >
              {plain(inLanguage(name))}
            </button>
            : {value === null ? w.never : told(value, unit)}
          </li>
        ))}
      </ol>
    </div>
  );
}

const told = (value: number, unit: string): string =>
  `${formatted(value, unit === "%" && value < 100 ? 1 : 0)} ${unit}`;
