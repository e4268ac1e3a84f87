import type { PhoneNumber } from "../api";
import { ActionButton, SelectField, TextField } from "../kit";
import { goodNumber } from "./form";
import { t } from "./words";

const KINDS = ["extension", "duty", "office", "mobile", "satellite", "radio", "home"] as const;

/** A person's numbers, to be changed. Who sees which kind stands in the policy. */
export function NumbersField(props: {
  numbers: readonly PhoneNumber[];
  tried: boolean;
  onChange: (numbers: PhoneNumber[]) => void;
}) {
  const w = t.value;
  const change = (index: number, to: Partial<PhoneNumber>) =>
    props.onChange(
      props.numbers.map((each, other) => (other === index ? { ...each, ...to } : each)),
    );
  const kinds = (kind: string) => [...new Set([...KINDS, kind])];
  return (
    <fieldset class="field numbers-field">
      <legend>{w.numbers}</legend>
      {props.numbers.map((each, index) => (
        <div class="numbers-line" key={index}>
          <SelectField
            label={w.numberKind}
            value={each.kind}
            choices={kinds(each.kind).map((kind) => ({
              value: kind,
              label: w.numberKinds[kind] ?? kind,
            }))}
            onChange={(kind) => change(index, { kind })}
          />
          <TextField
            label={w.number}
            inputMode="tel"
            dir="ltr"
            maxLength={32}
            value={each.number}
            error={props.tried && !goodNumber(each) ? w.wrongNumber : null}
            onChange={(number) => change(index, { number })}
          />
          <ActionButton
            tone="quiet"
            label={w.remove(each.number)}
            onPress={() => props.onChange(props.numbers.filter((_, other) => other !== index))}
          >
            ×
          </ActionButton>
        </div>
      ))}
      <div>
        <ActionButton
          onPress={() =>
            props.onChange([...props.numbers, { kind: "extension", number: "", visible: "true" }])
          }
        >
          {w.add}
        </ActionButton>
      </div>
    </fieldset>
  );
}
