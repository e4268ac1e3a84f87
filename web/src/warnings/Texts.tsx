import { ActionButton, ChecksField, Section, TextAreaField, TextField } from "../authority/kit";
import { inLanguage } from "../frame/language";
import {
  broadcastWords,
  type Draft,
  type DraftInfo,
  filled,
  type TextName,
  transliterated,
  withLanguage,
  withText,
} from "./draft";
import type { Desk, Problem, TextState } from "./shapes";
import { t } from "./words";

const MOST_OFFENDERS = 12;

/** The words in every language side by side, with what phones make of them. */
export function Texts(props: {
  draft: Draft;
  desk: Desk;
  states: Record<string, TextState>;
  problems: readonly Problem[];
  onChange: (draft: Draft) => void;
}) {
  const w = t.value;
  const { draft, desk } = props;
  return (
    <Section title={w.textsTitle} lead={w.textsLead}>
      <ChecksField
        label={w.languagesLabel}
        choices={desk.languages.map((value) => ({ value, label: w.languageName(value) }))}
        chosen={draft.infos.map(({ language }) => language)}
        onChange={(chosen) => {
          let next = draft;
          for (const each of desk.languages) {
            const has = next.infos.some(({ language }) => language === each);
            if (has !== chosen.includes(each)) {
              next = withLanguage(next, each, !has, desk);
            }
          }
          props.onChange(next);
        }}
      />
      <div class="languages">
        {draft.infos.map((info) => (
          <Language
            key={info.language}
            info={info}
            draft={draft}
            state={props.states[info.language] ?? null}
            problems={props.problems.filter(({ language }) => language === info.language)}
            onChange={props.onChange}
          />
        ))}
      </div>
    </Section>
  );
}

function Language(props: {
  info: DraftInfo;
  draft: Draft;
  state: TextState | null;
  problems: readonly Problem[];
  onChange: (draft: Draft) => void;
}) {
  const w = t.value;
  const { info, draft, state } = props;
  const shown = (name: TextName) => filled(info[name], draft.values);
  const set = (name: TextName) => (text: string) =>
    props.onChange(withText(draft, info.language, name, text));
  const wrong = (name: TextName) => {
    const found = props.problems.filter(({ field }) => field.split(/[.[\]]+/).includes(name));
    return found.map(({ text }) => inLanguage(text)).join(" ") || null;
  };
  const write = () => {
    const phone = broadcastWords({
      ...info,
      broadcast: shown("broadcast"),
      headline: shown("headline"),
      instruction: shown("instruction"),
    });
    set("broadcast")(transliterated(phone, state?.offenders ?? []));
  };
  return (
    <fieldset class="language">
      <legend>{w.languageName(info.language)}</legend>
      {(["event", "headline"] as const).map((name) => (
        <TextField
          key={name}
          label={w.textNames[name]}
          error={wrong(name)}
          value={shown(name)}
          maxLength={300}
          onChange={set(name)}
        />
      ))}
      {(["description", "instruction"] as const).map((name) => (
        <TextAreaField
          key={name}
          label={w.textNames[name]}
          error={wrong(name)}
          value={shown(name)}
          maxLength={4000}
          onChange={set(name)}
        />
      ))}
      <TextAreaField
        label={w.textNames.broadcast}
        help={w.broadcastHelp}
        error={wrong("broadcast")}
        value={shown("broadcast")}
        rows={5}
        maxLength={4000}
        onChange={set("broadcast")}
      />
      {state ? <OnPhones state={state} onTransliterate={write} /> : null}
    </fieldset>
  );
}

/** Coding, pages and what stands in the way of the shorter coding. */
function OnPhones(props: { state: TextState; onTransliterate: () => void }) {
  const w = t.value;
  const { state } = props;
  const over = state.pages > state.pages_limit;
  const offered = state.offenders.some(({ offer }) => offer !== null);
  const each = new Map(state.offenders.map((one) => [one.character, one.offer]));
  return (
    <div class="on-phones">
      <p role="status" class={over ? "on-phones-over" : ""}>
        <strong>{state.coding}</strong>{" "}
        {w.pages(state.pages, state.pages_limit, state.characters, state.left_on_page)}
      </p>
      {each.size > 0 ? (
        <>
          <p class="soft">
            {w.offenders(each.size)}{" "}
            {[...each].slice(0, MOST_OFFENDERS).map(([character, offer]) => (
              <span key={character} class="offender">
                <bdi class="code">{character}</bdi>
                {offer === null ? null : (
                  <>
                    {" → "}
                    <bdi class="code">{offer === "" ? w.nothing : offer}</bdi>
                  </>
                )}
              </span>
            ))}
          </p>
          {offered ? (
            <ActionButton onPress={props.onTransliterate}>{w.transliterate}</ActionButton>
          ) : null}
        </>
      ) : null}
    </div>
  );
}
