import type { ComponentChildren } from "preact";
import type { Draft } from "../api/fleet";
import type { Lever } from "../api/paths";
import { Problem } from "../authority/kit";
import { formatted } from "../frame/language";
import { inUtc } from "../frame/time";
import { LeverSign } from "../globe/LeverSign";
import { rate } from "../network/figures";
import { worthOf } from "./bars";
import { AxisLabels, ContactBar, PlanTable } from "./ContactBar";
import { planned, planProblem, points, preparing } from "./state";
import { causeOf, lengthOf, t } from "./words";

const METRES_PER_MILE = 1852;
const MOST_GAPS = 4;

/** What the drawn track gets: a bar, a few numbers, its gaps; it changes while one drags. */
export function DraftShown(props: { now: number }) {
  const w = t.value;
  const answer = planned.value;
  if (points.value.length === 0 && !answer) return null;
  return (
    <section class="card section draft" aria-labelledby="draft-title" id="draft">
      <div class="section-head">
        <h2 id="draft-title">
          {w.result} <LeverSign lever="observed" />
        </h2>
        {answer && points.value.length > 1 ? (
          <p class="small soft">
            {w.arrival(
              inUtc(answer.arrival).slice(0, 5),
              formatted((answer.arrival - answer.start) / 3600, 1),
            )}{" "}
            {answer.arrival > answer.end + 1 ? w.cut : ""}
          </p>
        ) : null}
      </div>
      {planProblem.value ? <Problem error={planProblem.value} /> : null}
      {preparing.value ? (
        <p class="platform-waiting soft" role="status">
          <span class="spinner" aria-hidden="true" />
          {w.preparing}
        </p>
      ) : null}
      {answer ? <Shown answer={answer} now={props.now} /> : null}
    </section>
  );
}

function Shown(props: { answer: Draft; now: number }) {
  const w = t.value;
  const { answer } = props;
  const { start, end, legs, gaps } = answer;
  const worth = worthOf(answer);
  return (
    <>
      {answer.complete ? null : <p class="small soft">{w.incomplete}</p>}
      <dl class="draft-facts">
        <Fact id="availability" name={w.availability} lever="observed">
          {formatted(worth.availability * 100, 2)} %
        </Fact>
        <Fact id="delay" name={w.delay} lever="observed">
          {worth.roundTripMs === null ? "–" : `${formatted(worth.roundTripMs)} ms`}
        </Fact>
        <Fact id="rate" name={w.leastRate} lever="observed">
          {rate(worth.leastDownBps)}
        </Fact>
        <Fact id="changes" name={w.changes} lever="observed">
          {formatted(worth.handovers)}
        </Fact>
        <Fact id="without" name={w.withoutService} lever="observed">
          {lengthOf(worth.gapS)}
        </Fact>
      </dl>
      <ContactBar
        id="bar-draft"
        plan={answer}
        name={w.draftName}
        start={start}
        end={end}
        now={props.now}
      />
      <AxisLabels start={start} end={end} />
      {gaps.length > 0 ? (
        <ul class="draft-gaps">
          {gaps.slice(0, MOST_GAPS).map((gap) => (
            <li key={gap.start}>
              {w.gap(inUtc(gap.start), inUtc(gap.end), lengthOf(gap.end - gap.start))}:{" "}
              {causeOf(gap.reason)}
            </li>
          ))}
          {gaps.length > MOST_GAPS ? <li>{w.more(gaps.length - MOST_GAPS)}</li> : null}
        </ul>
      ) : null}
      <div class="platform-foot">
        {legs.length > 0 ? (
          <ol class="draft-legs small soft" aria-label={w.legs}>
            {legs.map((leg) => (
              <li key={`${leg.start} ${leg.course_deg}`}>
                {w.leg(formatted(leg.course_deg), formatted(leg.length_m / METRES_PER_MILE))}
              </li>
            ))}
          </ol>
        ) : null}
        <PlanTable plan={answer} start={start} end={end} name={w.draftName} />
      </div>
    </>
  );
}

function Fact(props: { id: string; name: string; lever: Lever; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd id={`draft-${props.id}`}>{props.children}</dd>
    </div>
  );
}
