import { useState } from "preact/hooks";
import { type Fleet, KINDS, LASERS } from "../api/fleet";
import { ActionButton, ChecksField, SelectField, TextAreaField, TextField } from "../authority/kit";
import { MOST_CORNERS, read, withCorner, withoutLast, written } from "../flatMap/drawing";
import { LeverSign } from "../globe/LeverSign";
import { plain } from "../network/figures";
import { numberOf, ofKind, STARTS } from "./draft";
import { draft, drawing, map, points, setDraft, setPoints } from "./state";
import { t } from "./words";

/** The planning panel: a track drawn or typed, who goes on it, and where its traffic may land. */
export function Planner(props: { fleet: Fleet }) {
  return (
    <section class="card section planner" aria-labelledby="plan-title">
      <div>
        <h2 id="plan-title">{t.value.plan}</h2>
        <p class="soft small">{t.value.planLead}</p>
      </div>
      <TrackDrawn />
      <Values />
      <RuleChosen fleet={props.fleet} />
    </section>
  );
}

function TrackDrawn() {
  const w = t.value;
  const set = points.value;
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && read(typed) === null;
  return (
    <div class="planner-track">
      <p class="soft small">
        {w.drawHelp} <LeverSign lever="ours" />
      </p>
      <div class="row-actions">
        <button
          type="button"
          id="draw"
          class={drawing.value ? "button" : "button button-primary"}
          aria-pressed={drawing.value}
          onClick={() => {
            drawing.value = !drawing.value;
          }}
        >
          {drawing.value ? w.stop : w.start}
        </button>
        <ActionButton
          onPress={() => {
            const at = map.value?.centre();
            if (at) setPoints(withCorner(set, at));
          }}
        >
          {w.pointHere}
        </ActionButton>
        <ActionButton disabled={set.length === 0} onPress={() => setPoints(withoutLast(set))}>
          {w.undo}
        </ActionButton>
        <ActionButton disabled={set.length === 0} onPress={() => setPoints([])}>
          {w.clear}
        </ActionButton>
      </div>
      <p role="status" class="small">
        {w.pointsSet(set.length)}
        {set.length >= MOST_CORNERS ? ` ${w.mostPoints(MOST_CORNERS)}` : ""}
      </p>
      <TextAreaField
        label={w.written}
        help={w.writtenHelp}
        error={wrong ? w.writtenWrong(MOST_CORNERS) : null}
        value={typed ?? written(set)}
        code
        onChange={(text) => {
          const found = read(text);
          // What cannot be read yet stays as it is typed.
          setTyped(found ? null : text);
          if (found) setPoints(found);
        }}
      />
    </div>
  );
}

function Values() {
  const w = t.value;
  const now = draft.value;
  const wrong = (text: string) => (numberOf(text) === null ? w.numberWrong : null);
  return (
    <fieldset class="planner-values">
      <legend>
        <LeverSign lever="ours" />
      </legend>
      <SelectField
        label={w.kind}
        value={now.kind}
        choices={KINDS.map((value) => ({ value, label: w.kinds[value] }))}
        onChange={(value) => setDraft(ofKind(now, KINDS.find((kind) => kind === value) ?? "ship"))}
      />
      <SelectField
        label={w.begin}
        value={String(now.startIn)}
        choices={STARTS.map((minutes) => ({
          value: String(minutes),
          label: minutes === 0 ? w.beginNow : w.beginIn(minutes),
        }))}
        onChange={(value) => setDraft({ ...now, startIn: Number(value) })}
      />
      <TextField
        label={w.speed}
        value={now.speed}
        inputMode="numeric"
        maxLength={8}
        error={wrong(now.speed)}
        onChange={(speed) => setDraft({ ...now, speed })}
      />
      <TextField
        label={w.height}
        value={now.height}
        inputMode="numeric"
        maxLength={8}
        error={wrong(now.height)}
        onChange={(height) => setDraft({ ...now, height })}
      />
    </fieldset>
  );
}

function RuleChosen(props: { fleet: Fleet }) {
  const w = t.value;
  const now = draft.value;
  const countries = new Intl.DisplayNames([document.documentElement.lang || "en"], {
    type: "region",
  });
  const count = now.gateways.length + now.notIn.length + (now.lasers === "any" ? 0 : 1);
  return (
    <details class="planner-rule">
      <summary>
        {w.ruleTitle}
        {count > 0 ? ` (${count})` : ""} <LeverSign lever="contract" />
      </summary>
      <div class="planner-rule-body">
        <SelectField
          label={w.lasersTitle}
          value={now.lasers}
          choices={LASERS.map((value) => ({ value, label: w.lasers[value] }))}
          onChange={(value) =>
            setDraft({ ...now, lasers: LASERS.find((each) => each === value) ?? "any" })
          }
        />
        <ChecksField
          label={w.neverIn}
          choices={props.fleet.countries.map((value) => ({
            value,
            label: `${countries.of(value) ?? value} (${value})`,
          }))}
          chosen={now.notIn}
          onChange={(notIn) => setDraft({ ...now, notIn })}
        />
        <ChecksField
          label={w.onlyGateways}
          help={w.onlyGatewaysHelp}
          choices={props.fleet.gateways.map(({ name, country }) => ({
            value: name,
            label: `${plain(name)} (${country})`,
          }))}
          chosen={now.gateways}
          onChange={(gateways) => setDraft({ ...now, gateways })}
        />
      </div>
    </details>
  );
}
