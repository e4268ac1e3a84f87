import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import "./flatMap.css";

export interface FrameWords {
  zoomIn: string;
  zoomOut: string;
  /** "Whole country", "whole fleet". */
  whole: string;
  /** What the button sets at the crosshair; null while nothing is asked for. */
  here: string | null;
  webgl: string;
  mapFailed: string;
}

/** A map with its buttons and its key; everything on it also stands in words beside it. */
export function MapFrame(props: {
  label: string;
  class: string;
  words: FrameWords;
  ready: boolean;
  /** Opens the map in its place; what it gives back closes it. */
  open: (place: HTMLElement) => Promise<() => void>;
  onZoom: (steps: number) => void;
  onWhole: () => void;
  onHere: () => void;
  /** The key. */
  children: ComponentChildren;
}) {
  const { words, onZoom } = props;
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (!place.current) return;
    const opened = props.open(place.current);
    opened.catch(() =>
      setProblem(document.createElement("canvas").getContext("webgl2") ? "start" : "webgl"),
    );
    return () =>
      void opened.then(
        (close) => close(),
        () => {},
      );
  }, []);
  return (
    <section class={`flat-map ${props.class}`} aria-label={props.label} data-ready={props.ready}>
      <div class="flat-map-canvas" ref={place} />
      {words.here ? <div class="flat-map-cross" aria-hidden="true" /> : null}
      {problem ? (
        <p class="problem flat-map-problem" role="alert">
          {problem === "webgl" ? words.webgl : words.mapFailed}
        </p>
      ) : null}
      <div class="flat-map-buttons">
        <button type="button" class="button" aria-label={words.zoomIn} onClick={() => onZoom(1)}>
          +
        </button>
        <button type="button" class="button" aria-label={words.zoomOut} onClick={() => onZoom(-1)}>
          −
        </button>
        <button type="button" class="button" onClick={props.onWhole}>
          {words.whole}
        </button>
        {words.here ? (
          <button type="button" class="button button-primary" onClick={props.onHere}>
            {words.here}
          </button>
        ) : null}
      </div>
      {props.children}
    </section>
  );
}
