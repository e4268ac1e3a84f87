/** A small picture of an area with the coasts round it, drawn from what is signed and nothing else. */

import type { MultiPolygon, Position } from "geojson";
import { useEffect, useState } from "preact/hooks";
import type { Bounds } from "../flatMap/drawing";
import { fetchLand, type Land } from "../globe/land";
import { boundsOf } from "./mapShapes";
import { type Frame, frameOf, pathOf } from "./picture";
import type { Channel } from "./shapes";
import { colours } from "./state";
import { t } from "./words";

let asked: Promise<Land> | null = null;

export function AreaPicture(props: { outline: MultiPolygon; channel: Channel; label: string }) {
  const w = t.value;
  const [land, setLand] = useState<Land | null>(null);
  useEffect(() => {
    let current = true;
    asked ??= fetchLand();
    // Without land the area itself is still there.
    asked.then(
      (found) => {
        if (current) setLand(found);
      },
      () => {
        asked = null;
      },
    );
    return () => {
      current = false;
    };
  }, []);
  const bounds = boundsOf([props.outline]);
  if (!bounds) return <p class="problem">{w.noArea}</p>;
  const frame = frameOf(bounds);
  return (
    <svg
      class="area-picture"
      viewBox={`0 0 ${frame.width} ${frame.height}`}
      role="img"
      aria-label={w.pictureOf(props.label)}
    >
      {land ? <path class="picture-land" d={landPath(land, frame)} /> : null}
      <path
        class="picture-area"
        fill-rule="evenodd"
        style={{ color: colours.value[props.channel] }}
        d={props.outline.coordinates.map((rings) => pathOf(rings, frame)).join("")}
      />
    </svg>
  );
}

function landPath(land: Land, frame: Frame): string {
  const [west, south, east, north] = frame.bounds;
  const near = (ring: Position[]) => {
    const around: Bounds | null = boundsOf([{ type: "LineString", coordinates: ring }]);
    return around && around[0] < east && around[2] > west && around[1] < north && around[3] > south;
  };
  const polygons = land.land.features.flatMap(({ geometry }) =>
    geometry.type === "MultiPolygon" ? geometry.coordinates : [],
  );
  return polygons
    .filter(([outer]) => outer && near(outer))
    .map((rings) => pathOf(rings, frame))
    .join("");
}
