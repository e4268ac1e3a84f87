import { Fragment } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { PRECEDENCES, type Precedence } from "../../api/authority";
import { t as directoryWords } from "../../authority/directory/words";
import { ActionButton, CheckField, kitWords } from "../../authority/kit";
import { writeTo } from "./beside";
import { PresenceLine } from "./Directory";
import { contacts, dial, shown } from "./desk";
import { Icon } from "./Icon";
import { PrecedenceSign } from "./Precedence";
import { type Callee, shownName } from "./people";
import { t } from "./words";

/** Whom one is about to call, how urgently, and the button that does. */
export function DialPanel(props: { callee: Callee; onClose: () => void; onCalled: () => void }) {
  const w = t.value;
  const { callee } = props;
  const name = shownName(callee);
  const heading = useRef<HTMLHeadingElement>(null);
  const [precedence, setPrecedence] = useState<Precedence>("routine");
  const [emergency, setEmergency] = useState(false);
  useEffect(() => heading.current?.focus(), []);
  const busy = shown.value.talks.some(
    (talk) => talk.person === callee.person && talk.state !== "over",
  );
  return (
    <section class="card section dial" aria-label={`${w.to} ${name}`}>
      <div class="section-head">
        <div>
          <h2 ref={heading} tabIndex={-1}>
            <bdi>{name}</bdi>
          </h2>
          <p class="faint">
            <bdi class="code">{callee.person}</bdi>
          </p>
          <PresenceLine callee={callee} busy={busy} />
        </div>
        <ActionButton tone="quiet" onPress={props.onClose}>
          {w.close}
        </ActionButton>
      </div>
      <Numbers callee={callee} />
      <PrecedenceField chosen={precedence} onChoose={setPrecedence} />
      <CheckField
        label={
          <span class="dial-emergency">
            <PrecedenceSign of="emergency" />
            {w.emergency}
          </span>
        }
        help={w.emergencyHelp}
        checked={emergency}
        onChange={setEmergency}
      />
      <div class="dial-acts">
        <button
          type="button"
          class="act act-answer dial-call"
          disabled={busy}
          onClick={() => {
            dial(callee.person, precedence, emergency);
            props.onCalled();
          }}
        >
          <Icon name="call" />
          <span>{w.call}</span>
        </button>
        {shown.value.letters ? (
          <button type="button" class="act" onClick={() => writeTo(callee.person)}>
            <Icon name="write" />
            <span>{w.texts.write}</span>
          </button>
        ) : null}
      </div>
    </section>
  );
}

function Numbers(props: { callee: Callee }) {
  const { numbers } = props.callee;
  if (numbers.length === 0) return null;
  return (
    <dl class="facts" aria-label={t.value.numbers}>
      {numbers.map(({ kind, number }) => (
        <Fragment key={`${kind} ${number}`}>
          <dt>{directoryWords.value.numberKinds[kind] ?? kind}</dt>
          <dd>
            <bdi dir="ltr">{number}</bdi>
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** One of five, those above the person's ceiling shut; arrows move as in any group of radio buttons. */
function PrecedenceField(props: { chosen: Precedence; onChoose: (to: Precedence) => void }) {
  const w = t.value;
  const name = useId();
  const { ceiling } = contacts.value;
  const most = ceiling === null ? PRECEDENCES.length - 1 : PRECEDENCES.indexOf(ceiling);
  return (
    <fieldset class="field precedence-field" aria-describedby={`${name}-help`}>
      <legend>{w.precedence}</legend>
      {PRECEDENCES.map((each, rank) => (
        <label key={each} class={`precedence-choice precedence-${each}`}>
          <input
            type="radio"
            name={name}
            value={each}
            checked={each === props.chosen}
            disabled={rank > most}
            onChange={() => props.onChoose(each)}
          />
          <PrecedenceSign of={each} />
          <span class="precedence-word">{kitWords.value.precedences[each]}</span>
          <span class="precedence-meaning faint">{w.precedenceMeaning[each]}</span>
        </label>
      ))}
      <p class="field-help" id={`${name}-help`}>
        {w.precedenceHelp}
        {ceiling === null ? "" : ` ${w.ceiling(kitWords.value.precedences[ceiling])}`}
      </p>
    </fieldset>
  );
}
