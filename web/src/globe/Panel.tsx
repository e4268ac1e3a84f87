import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../frame/language";
import { Problem } from "./Problem";
import { failure, select } from "./state";

/** The panel at the side: a kind, a name, a way to close it, and what it is about. */
export function Panel(props: {
  id: string;
  kind: string;
  name: string;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The keyboard goes where the news is, and back again to what opened it.
  useLayoutEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    heading.current?.focus({ preventScroll: true });
    return () => opener?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) select(null);
    };
    document.addEventListener("keydown", close);
    return () => document.removeEventListener("keydown", close);
  }, []);
  const t = words.value;
  return (
    <aside class="card panel" id={props.id} aria-label={`${props.kind}: ${props.name}`}>
      <header class="panel-header">
        <div>
          <p class="panel-kind">{props.kind}</p>
          <h2 ref={heading} tabIndex={-1} dir="auto">
            {props.name}
          </h2>
        </div>
        <button
          type="button"
          class="quiet-button"
          aria-label={t.close}
          title={t.close}
          onClick={() => select(null)}
        >
          <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
            <path d="m6 6 12 12M18 6 6 18" />
          </svg>
        </button>
      </header>
      <div class="panel-body">
        {failure.value === null ? null : <Problem error={failure.value} />}
        {props.children}
      </div>
    </aside>
  );
}

/** In place of an answer that is still to come; a failure says more. */
export function Asking() {
  return failure.value === null ? <p class="faint">{words.value.asking}</p> : null;
}
