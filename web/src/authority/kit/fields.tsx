/** Fields of a form: label, what to write, and what is wrong with what was written. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { kitWords } from "./language";

interface FieldProps {
  label: string;
  help?: ComponentChildren;
  error?: string | null | undefined;
  required?: boolean;
}
/** What the control of a field has to carry so that label, help and error belong to it. */
interface Wiring {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
  required?: boolean;
}

/** Label, control, help and error in one piece; for controls that the fields below do not cover. */
export function Field(props: FieldProps & { control: (wiring: Wiring) => ComponentChildren }) {
  const id = useId();
  const described = [props.help ? `${id}-help` : "", props.error ? `${id}-error` : ""]
    .filter(Boolean)
    .join(" ");
  return (
    <div class={props.error ? "field field-wrong" : "field"}>
      <label for={id}>
        {props.label}
        {props.required === false ? (
          <span class="faint field-note"> {kitWords.value.optional}</span>
        ) : null}
      </label>
      {props.control({
        id,
        ...(described ? { "aria-describedby": described } : {}),
        ...(props.error ? { "aria-invalid": true as const } : {}),
        ...(props.required ? { required: true } : {}),
      })}
      {props.help ? (
        <p class="field-help" id={`${id}-help`}>
          {props.help}
        </p>
      ) : null}
      {props.error ? (
        <p class="field-error" id={`${id}-error`}>
          {props.error}
        </p>
      ) : null}
    </div>
  );
}

/** One line of text. */
export function TextField(
  props: FieldProps & {
    value: string;
    onChange: (value: string) => void;
    autocomplete?: "off" | "username" | "tel" | "name";
    inputMode?: "text" | "numeric" | "tel" | "search";
    maxLength?: number;
    placeholder?: string;
    /** Codes and names of machines: no capitals, no correction, letters of one width. */
    code?: boolean;
    dir?: "auto" | "ltr";
  },
) {
  return (
    <Field
      {...props}
      control={(wiring) => (
        <input
          {...wiring}
          type="text"
          class={props.code ? "input code" : "input"}
          value={props.value}
          dir={props.dir ?? (props.code ? "ltr" : "auto")}
          autocomplete={props.autocomplete ?? "off"}
          {...(props.code ? { autocapitalize: "none", spellcheck: false } : {})}
          {...(props.inputMode ? { inputMode: props.inputMode } : {})}
          {...(props.maxLength ? { maxLength: props.maxLength } : {})}
          {...(props.placeholder ? { placeholder: props.placeholder } : {})}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      )}
    />
  );
}

/** Several lines of text. */
export function TextAreaField(
  props: FieldProps & {
    value: string;
    onChange: (value: string) => void;
    rows?: number;
    maxLength?: number;
    code?: boolean;
  },
) {
  return (
    <Field
      {...props}
      control={(wiring) => (
        <textarea
          {...wiring}
          class={props.code ? "input code" : "input"}
          rows={props.rows ?? 3}
          dir={props.code ? "ltr" : "auto"}
          {...(props.code ? { spellcheck: false } : {})}
          {...(props.maxLength ? { maxLength: props.maxLength } : {})}
          value={props.value}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      )}
    />
  );
}

/** One of a few choices. */
export function SelectField(
  props: FieldProps & {
    value: string;
    onChange: (value: string) => void;
    choices: readonly { value: string; label: string }[];
  },
) {
  return (
    <Field
      {...props}
      control={(wiring) => (
        <select
          {...wiring}
          class="input"
          value={props.value}
          onChange={(event) => props.onChange(event.currentTarget.value)}
        >
          {props.choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    />
  );
}

/** Yes or no. */
export function CheckField(props: {
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  help?: string;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        disabled={props.disabled}
        {...(props.help ? { "aria-describedby": `${id}-help` } : {})}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <label for={id}>{props.label}</label>
      {props.help ? (
        <p class="field-help" id={`${id}-help`}>
          {props.help}
        </p>
      ) : null}
    </div>
  );
}

/** Several of a few choices, under one heading. */
export function ChecksField<T extends string>(props: {
  label: string;
  help?: string;
  choices: readonly { value: T; label: string }[];
  chosen: readonly T[];
  onChange: (chosen: T[]) => void;
}) {
  return (
    <fieldset class="field checks">
      <legend>{props.label}</legend>
      {props.help ? <p class="field-help">{props.help}</p> : null}
      {props.choices.map((choice) => (
        <CheckField
          key={choice.value}
          label={choice.label}
          checked={props.chosen.includes(choice.value)}
          onChange={(checked) =>
            props.onChange(
              checked
                ? [...props.chosen, choice.value]
                : props.chosen.filter((value) => value !== choice.value),
            )
          }
        />
      ))}
    </fieldset>
  );
}

/** A form that sends nothing by itself: `onSubmit` does. After a refusal the keyboard goes to the
first field that is wrong: call with a new `wrong` each time. */
export function Form(props: {
  onSubmit: () => void;
  children: ComponentChildren;
  wrong?: unknown;
  label?: string;
}) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (props.wrong) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [props.wrong]);
  return (
    <form
      ref={form}
      class="form"
      aria-label={props.label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      {props.children}
    </form>
  );
}
