import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { sentenceOf } from "./sentence";
import { say } from "./Toast";

export type Tone = "plain" | "primary" | "danger" | "quiet";

/** A button that waits for what it started: busy until then, and never pressed twice.

Without `onError` a failure is said at the edge of the page. */
export function ActionButton(props: {
  onPress: () => void | Promise<void>;
  children: ComponentChildren;
  tone?: Tone;
  busy?: boolean;
  disabled?: boolean;
  label?: string;
  id?: string;
  describedBy?: string;
  onError?: (error: unknown) => void;
}) {
  const [working, setWorking] = useState(false);
  const started = useRef(false);
  const busy = working || props.busy === true;
  const press = async () => {
    if (started.current || busy) return;
    started.current = true;
    setWorking(true);
    try {
      await props.onPress();
    } catch (error) {
      if (props.onError) props.onError(error);
      else say(sentenceOf(error).text, "problem");
    } finally {
      started.current = false;
      setWorking(false);
    }
  };
  return (
    <button
      type="button"
      id={props.id}
      class={`button button-${props.tone ?? "plain"}`}
      disabled={props.disabled}
      aria-busy={busy}
      aria-disabled={busy}
      aria-label={props.label}
      aria-describedby={props.describedBy}
      onClick={press}
    >
      <ButtonContent busy={busy}>{props.children}</ButtonContent>
    </button>
  );
}

/** The button that sends its form. */
export function SubmitButton(props: {
  busy: boolean;
  children: ComponentChildren;
  tone?: Tone;
  disabled?: boolean;
}) {
  return (
    <button
      type="submit"
      class={`button button-${props.tone ?? "primary"}`}
      disabled={props.disabled}
      aria-busy={props.busy}
      aria-disabled={props.busy}
    >
      <ButtonContent busy={props.busy}>{props.children}</ButtonContent>
    </button>
  );
}

/** A link that looks like a button: it leads elsewhere and changes nothing. */
export function LinkButton(props: { href: string; children: ComponentChildren; tone?: Tone }) {
  return (
    <a class={`button button-${props.tone ?? "plain"}`} href={props.href}>
      {props.children}
    </a>
  );
}

function ButtonContent(props: { busy: boolean; children: ComponentChildren }) {
  return (
    <>
      {props.busy ? <span class="spinner" aria-hidden="true" /> : null}
      <span>{props.children}</span>
    </>
  );
}
