import { Field, Section, SelectField, TextField } from "../authority/kit";
import { CATEGORIES, CERTAINTIES, type Draft, RESPONSES, SEVERITIES, URGENCIES } from "./draft";
import { localOf, timeOfLocal } from "./localTime";
import { t } from "./words";

const MINUTES = [15, 30, 60, 120, 180, 360, 720, 1440];

/** How urgent and how sure it is, what people are to do, and how long it holds. */
export function Circumstances(props: { draft: Draft; onChange: (draft: Draft) => void }) {
  const w = t.value;
  const { draft } = props;
  const set = (change: Partial<Draft>) => props.onChange({ ...draft, ...change });
  const choices = (values: readonly string[], names: Record<string, string>) =>
    values.map((value) => ({ value, label: names[value] ?? value }));
  const minutes = [...new Set([...MINUTES, draft.expires_minutes])].sort((a, b) => a - b);
  return (
    <Section title={w.circumstances}>
      <div class="form-row">
        <SelectField
          label={w.category}
          value={draft.category}
          choices={choices(CATEGORIES, w.categories)}
          onChange={(category) => set({ category })}
        />
        <SelectField
          label={w.response}
          value={draft.response}
          choices={choices(RESPONSES, w.responses)}
          onChange={(response) => set({ response })}
        />
        <SelectField
          label={w.urgency}
          value={draft.urgency}
          choices={choices(URGENCIES, w.urgencies)}
          onChange={(urgency) => set({ urgency })}
        />
        <SelectField
          label={w.severity}
          value={draft.severity}
          choices={choices(SEVERITIES, w.severities)}
          onChange={(severity) => set({ severity })}
        />
        <SelectField
          label={w.certainty}
          value={draft.certainty}
          choices={choices(CERTAINTIES, w.certainties)}
          onChange={(certainty) => set({ certainty })}
        />
        <SelectField
          label={w.expires}
          value={String(draft.expires_minutes)}
          choices={minutes.map((each) => ({ value: String(each), label: w.minutes(each) }))}
          onChange={(value) => set({ expires_minutes: Number(value) })}
        />
        <Field
          label={w.onset}
          help={w.onsetHelp}
          required={false}
          control={(wiring) => (
            <input
              {...wiring}
              type="datetime-local"
              class="input"
              value={localOf(draft.onset)}
              onInput={(event) => set({ onset: timeOfLocal(event.currentTarget.value) })}
            />
          )}
        />
        <TextField
          label={w.web}
          required={false}
          value={draft.web ?? ""}
          maxLength={300}
          code
          onChange={(web) => set({ web: web || null })}
        />
        <TextField
          label={w.contact}
          required={false}
          value={draft.contact ?? ""}
          maxLength={300}
          onChange={(contact) => set({ contact: contact || null })}
        />
      </div>
    </Section>
  );
}
