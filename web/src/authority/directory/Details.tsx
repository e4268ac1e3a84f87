import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { Person } from "../api";
import { ActionButton, CopyButton, hasRole, kitWords, Roles } from "../kit";
import { languageName, placeName } from "./called";
import { EditDialog } from "./EditDialog";
import { RecoverDialog } from "./RecoverDialog";
import { t } from "./words";

/** All that the directory tells of one person. */
export function Details(props: {
  person: Person;
  heading: RefObject<HTMLHeadingElement | null>;
  editable: boolean;
  mine: boolean;
  onChanged: () => Promise<void>;
}) {
  const w = t.value;
  const [editing, setEditing] = useState(false);
  const [recovering, setRecovering] = useState(false);
  const { person } = props;
  return (
    <>
      <div class="section-head">
        <div>
          <h2 ref={props.heading} tabIndex={-1}>
            <bdi>{person.display_name}</bdi>
          </h2>
          <bdi class="code faint">{person.person}</bdi>
          {props.mine ? <span class="badge badge-quiet directory-you">{w.you}</span> : null}
        </div>
        {props.editable ? (
          <ActionButton onPress={() => setEditing(true)}>{w.edit}</ActionButton>
        ) : null}
      </div>
      <h3>{w.numbers}</h3>
      {person.numbers.length === 0 ? <p class="faint">{w.noNumbers}</p> : null}
      <ul class="numbers">
        {person.numbers.map((each, index) => (
          <li key={index}>
            <span class="faint">
              {w.numberKinds[each.kind] ?? each.kind}
              {each.visible === "false" ? <span class="numbers-some">{w.notForAll}</span> : null}
            </span>
            <bdi class="numbers-number">{each.number}</bdi>
            <CopyButton text={each.number} label={w.copyNumber(each.number)} />
          </li>
        ))}
      </ul>
      <dl class="facts">
        <dt>{w.languages}</dt>
        <dd>{person.languages.map(languageName).join(", ") || w.noLanguages}</dd>
        <dt>{w.roles}</dt>
        <dd>
          <Roles roles={person.roles} />
        </dd>
        <dt>{w.ceiling}</dt>
        <dd title={w.ceilingMeaning}>{kitWords.value.precedences[person.ceiling]}</dd>
        <dt>{w.territory}</dt>
        <dd>{person.territory.map(placeName).join(", ") || w.wholeTerritory}</dd>
      </dl>
      {hasRole("security-officer") && !props.mine ? (
        <div>
          <ActionButton onPress={() => setRecovering(true)}>{w.recover}</ActionButton>
        </div>
      ) : null}
      {recovering ? (
        <RecoverDialog person={person.person} onClose={() => setRecovering(false)} />
      ) : null}
      {editing ? (
        <EditDialog person={person} onClose={() => setEditing(false)} onSaved={props.onChanged} />
      ) : null}
    </>
  );
}
