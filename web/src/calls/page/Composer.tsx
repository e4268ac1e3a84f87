import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { say } from "../../authority/kit";
import { formatted } from "../../frame/language";
import { characters } from "../../trust/octets";
import { LONGEST_TEXT } from "../mail/content";
import { drafts, giveBack, keepDraft } from "./beside";
import { shown } from "./desk";
import { COUNTED_FROM, composed } from "./entries";
import { Icon } from "./Icon";
import { t } from "./words";

const HIGHEST_PX = 168;

/** Where one writes: Enter sends, Shift and Enter begins a new line. */
export function Composer(props: {
  person: string;
  name: string;
  /** Whether the keyboard comes here at once. */
  enter: boolean;
  onSent: () => void;
}) {
  const w = t.value.texts;
  const { person } = props;
  const typed = drafts.value.get(person) ?? "";
  const field = useRef<HTMLTextAreaElement>(null);
  const note = useId();
  useLayoutEffect(() => {
    const { current } = field;
    if (!current) return;
    current.style.height = "auto";
    const border = current.offsetHeight - current.clientHeight;
    current.style.height = `${Math.min(HIGHEST_PX, current.scrollHeight + border)}px`;
  }, [typed]);
  useEffect(() => {
    // On a screen that is touched the keyboard would hide what there is to read.
    if (props.enter && matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);
  const text = composed(typed);
  const length = typed.length < COUNTED_FROM ? 0 : characters(text);
  const tooLong = length > LONGEST_TEXT;
  const send = () => {
    field.current?.focus();
    if (text === "" || tooLong) return;
    try {
      shown.peek().letters?.send(person, text, () => {
        giveBack(person, typed);
        say(t.peek().texts.notKept, "problem");
      });
    } catch {
      say(w.refused, "problem");
      return;
    }
    keepDraft(person, "");
    props.onSent();
  };
  const pressed = (event: KeyboardEvent) => {
    // Who composes a character by several keys ends it by Enter; Safari tells so by 229 alone.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (!event.repeat) send();
  };
  const figures = [formatted(length), formatted(LONGEST_TEXT)] as const;
  return (
    <form
      class={tooLong ? "composer composer-full" : "composer"}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-line">
        <textarea
          ref={field}
          class="input"
          rows={1}
          dir="auto"
          enterkeyhint="send"
          value={typed}
          placeholder={w.writeTo(props.name)}
          aria-label={w.writeTo(props.name)}
          aria-describedby={note}
          {...(tooLong ? { "aria-invalid": true } : {})}
          onInput={(event) => keepDraft(person, event.currentTarget.value)}
          onKeyDown={pressed}
        />
        <button
          type="submit"
          class="composer-send"
          aria-label={w.send}
          title={w.send}
          disabled={text === "" || tooLong}
        >
          <Icon name="send" />
        </button>
      </div>
      <p class="composer-count" id={note}>
        {length < COUNTED_FROM ? "" : tooLong ? w.tooLong(...figures) : w.counted(...figures)}
      </p>
    </form>
  );
}
