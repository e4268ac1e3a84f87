import { useEffect, useState } from "preact/hooks";
import { ErrorState, Section, SelectField, TextField } from "../authority/kit";
import { inLanguage } from "../frame/language";
import { getTemplate } from "./api";
import { type Draft, withTemplate } from "./draft";
import type { Desk, Template, TemplateField } from "./shapes";
import { t } from "./words";

/** A template for the risk, and what has to be filled in. */
export function TemplatePicker(props: {
  draft: Draft;
  desk: Desk;
  onChange: (draft: Draft) => void;
}) {
  const w = t.value;
  const { draft, desk } = props;
  const [loaded, setLoaded] = useState<Template | null>(null);
  const [error, setError] = useState<unknown>(null);
  const take = async (id: string, words: boolean) => {
    setError(null);
    try {
      const found = await getTemplate(id);
      setLoaded(found);
      if (words) props.onChange(withTemplate(draft, found.draft, desk));
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => {
    // Back at a draft that was begun: its words stay, its fields are asked for again.
    if (draft.template && loaded?.id !== draft.template) void take(draft.template, false);
  }, []);
  const choose = (id: string) => {
    if (id === "") {
      setLoaded(null);
      props.onChange({ ...draft, template: null });
    } else {
      void take(id, true);
    }
  };
  const fields = draft.template === loaded?.id ? (loaded?.fields ?? []) : [];
  return (
    <Section title={w.template} lead={w.templateLead}>
      <SelectField
        label={w.template}
        value={draft.template ?? ""}
        choices={[
          { value: "", label: w.noTemplate },
          ...desk.templates.map((each) => ({ value: each.id, label: inLanguage(each.name) })),
        ]}
        onChange={choose}
      />
      {error ? <ErrorState error={error} /> : null}
      {fields.length > 0 ? (
        <div class="form-row">
          {fields.map((field) => (
            <Value key={field.name} field={field} {...props} />
          ))}
        </div>
      ) : null}
    </Section>
  );
}

function Value(props: { field: TemplateField; draft: Draft; onChange: (draft: Draft) => void }) {
  const { field, draft } = props;
  return (
    <TextField
      label={inLanguage(field.label)}
      required={field.required}
      inputMode={field.kind === "number" ? "numeric" : "text"}
      maxLength={120}
      placeholder={field.kind === "time" ? "14:30" : ""}
      value={draft.values[field.name] ?? ""}
      onChange={(value) =>
        props.onChange({ ...draft, values: { ...draft.values, [field.name]: value } })
      }
    />
  );
}
