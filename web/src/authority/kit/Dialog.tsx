import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ActionButton, type Tone } from "./Button";
import { CheckField } from "./fields";
import { kitWords } from "./language";
import { Problem } from "./States";
import { useAct } from "./useAct";

/** A native modal dialog: it keeps the keyboard, closes with Escape, gives the keyboard back.

It is there while it is rendered; `onClose` takes it away. Escape is refused while `held`. */
export function Dialog(props: {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
  held?: boolean;
  wide?: boolean;
  /** What is written here is for what is read first: the keyboard begins at the heading. */
  reading?: boolean;
  describedBy?: string;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // At once, not after the next picture: whoever presses Escape quickly means it too.
  const leaving = useRef(false);
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (!shown) return;
    const before = document.activeElement;
    shown.showModal();
    // Whoever is asked to write can write; whoever is asked to read begins at the heading.
    if (!props.reading) shown.querySelector<HTMLElement>("input.input, textarea, select")?.focus();
    return () => {
      leaving.current = true;
      // While it is modal, nothing outside takes the keyboard.
      shown.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      // What was asked about is gone with its button: the keyboard goes on with the page.
      else document.getElementById("content")?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={heading}
      aria-describedby={props.describedBy}
      onCancel={(event) => {
        event.preventDefault();
        if (!props.held) props.onClose();
      }}
      // A browser may close it over our refusal; what is shown then follows.
      onClose={() => {
        if (!leaving.current) props.onClose();
      }}
    >
      <h2 id={heading} tabIndex={-1}>
        {props.title}
      </h2>
      {props.children}
    </dialog>
  );
}

/** Asks before something is done, and says exactly what that will be.

`consequences` is one sentence each. `understood`, where given, has to be ticked first. The dialog
stays open with the reason where the act fails. */
export function ConfirmDialog(props: {
  title: string;
  consequences: readonly ComponentChildren[];
  action: string;
  tone?: Tone;
  understood?: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const { busy, error, act } = useAct();
  const [ticked, setTicked] = useState(false);
  const consequences = useId();
  const confirm = async () => {
    if (await act(props.onConfirm)) props.onClose();
  };
  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      held={busy}
      describedBy={consequences}
      reading
    >
      <ul class="consequences" id={consequences}>
        {props.consequences.map((sentence, index) => (
          <li key={index}>{sentence}</li>
        ))}
      </ul>
      {props.children}
      {props.understood ? (
        <CheckField label={props.understood} checked={ticked} onChange={setTicked} />
      ) : null}
      {error ? <Problem error={error} /> : null}
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose} disabled={busy}>
          {kitWords.value.cancel}
        </ActionButton>
        <ActionButton
          tone={props.tone ?? "danger"}
          onPress={confirm}
          busy={busy}
          disabled={props.understood !== undefined && !ticked}
        >
          {props.action}
        </ActionButton>
      </div>
    </Dialog>
  );
}
