import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../frame/language";
import { PageFrame } from "../frame/PageFrame";
import { skyTime } from "../frame/state";
import { Controller } from "./controller";
import { Legend } from "./Legend";
import { SatellitePanel } from "./SatellitePanel";
import { Search } from "./Search";
import { SitePanel } from "./SitePanel";
import { selection } from "./state";
import { TimeControl } from "./TimeControl";

/** The page: the globe fills it, everything else floats above. */
export function GlobePage() {
  const map = useRef<HTMLDivElement>(null);
  const hover = useRef<HTMLDivElement>(null);
  const [controller, setController] = useState<Controller | null>(null);
  const [problem, setProblem] = useState<"webgl" | "start" | null>(null);

  useEffect(() => {
    if (!map.current || !hover.current) return;
    if (!document.createElement("canvas").getContext("webgl2")) {
      setProblem("webgl");
      return;
    }
    const made = new Controller(map.current, hover.current);
    setController(made);
    made.start().catch(() => setProblem("start"));
  }, []);

  const t = words.value;
  return (
    <PageFrame path="/">
      <div class="globe-page">
        <section class="globe" ref={map} aria-label={t.globeLabel} />
        <div class="hover" ref={hover} dir="auto" aria-hidden="true" hidden />
        {problem ? (
          <p class="problem page-problem" role="alert">
            {problem === "webgl" ? t.webglMissing : t.startFailed}
          </p>
        ) : null}
        <div class="side">
          <Search controller={controller} />
          <Legend />
        </div>
        <ZoomButtons controller={controller} />
        {skyTime.value === null ? null : <TimeControl />}
        {selection.value?.kind === "site" ? <SitePanel controller={controller} /> : null}
        {selection.value?.kind === "satellite" ? <SatellitePanel controller={controller} /> : null}
      </div>
    </PageFrame>
  );
}

function ZoomButtons(props: { controller: Controller | null }) {
  const t = words.value;
  const view = () => props.controller?.view;
  return (
    <div class="zoom card">
      <button
        type="button"
        aria-label={t.zoomIn}
        title={t.zoomIn}
        onClick={() => view()?.zoomBy(0.6)}
      >
        <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
          <path d="M12 5v14M5 12h14" />
        </svg>
      </button>
      <button
        type="button"
        aria-label={t.zoomOut}
        title={t.zoomOut}
        onClick={() => view()?.zoomBy(-0.6)}
      >
        <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
          <path d="M5 12h14" />
        </svg>
      </button>
      <button
        type="button"
        aria-label={t.homeView}
        title={t.homeView}
        onClick={() => view()?.goHome()}
      >
        <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
          <path d="M4 11.5 12 5l8 6.5M6.5 10v9h11v-9" />
        </svg>
      </button>
    </div>
  );
}
