import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { words } from "../frame/language";
import { failure, select } from "./state";

/** The panel at the side: a kind, a name, a way to close it, and what it is about. */
export function Panel(props: {
  id: string;
  kind: string;
  name: string;
  children: ComponentChildren;
}) {
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape") select(null);
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
          <h2>{props.name}</h2>
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
        {failure.value ? (
          <p class="problem" role="alert">
            {failure.value}
          </p>
        ) : null}
        {props.children}
      </div>
    </aside>
  );
}
