import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export interface Tab<K extends string> {
  key: K;
  title: string;
  /** How many wait behind it; nothing is shown for none. */
  count?: number;
}

/** Tabs as the ARIA practices have them: arrows move, Home and End go to the ends. */
export function Tabs<K extends string>(props: {
  label: string;
  tabs: readonly Tab<K>[];
  chosen: K;
  onChoose: (key: K) => void;
  children: ComponentChildren;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = props.tabs.findIndex((tab) => tab.key === props.chosen);
    const last = props.tabs.length - 1;
    const steps: Record<string, number> = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    const tab = to === undefined ? undefined : props.tabs[to];
    if (to === undefined || !tab) return;
    event.preventDefault();
    props.onChoose(tab.key);
    list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[to]?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={props.label} ref={list}>
        {props.tabs.map((tab) => (
          <button
            key={tab.key}
            id={`${id}-${tab.key}`}
            type="button"
            role="tab"
            aria-selected={tab.key === props.chosen}
            aria-controls={`${id}-panel`}
            tabIndex={tab.key === props.chosen ? 0 : -1}
            onClick={() => props.onChoose(tab.key)}
            onKeyDown={move}
          >
            {tab.title}
            {tab.count ? <span class="tab-count">{tab.count}</span> : null}
          </button>
        ))}
      </div>
      <div
        class="tab-panel"
        id={`${id}-panel`}
        role="tabpanel"
        aria-labelledby={`${id}-${props.chosen}`}
      >
        {props.children}
      </div>
    </>
  );
}
