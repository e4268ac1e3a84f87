import { useEffect, useState } from "preact/hooks";
import { TextField } from "../authority/kit";
import { circleOf } from "./circle";
import type { AskedArea } from "./shapes";
import { place } from "./state";
import { t } from "./words";

/** A circle round a place: pressed on the map or written. */
export function CircleArea(props: { onTake: (area: AskedArea) => void }) {
  const w = t.value;
  const [lat, setLat] = useState("");
  const [lon, setLon] = useState("");
  const [radius, setRadius] = useState("10");
  const pressed = place.value;
  useEffect(() => {
    if (!pressed) return;
    setLat(pressed[1].toFixed(4));
    setLon(pressed[0].toFixed(4));
  }, [pressed]);
  const { area, wrong } = circleOf(lat, lon, radius);
  useEffect(() => {
    if (area) props.onTake(area);
  }, [JSON.stringify(area)]);
  return (
    <>
      <p class="soft">{w.circleHelp}</p>
      <div class="form-row">
        <TextField
          label={w.latitude}
          value={lat}
          code
          error={wrong === "lat" ? w.wrongLatitude : null}
          onChange={setLat}
        />
        <TextField
          label={w.longitude}
          value={lon}
          code
          error={wrong === "lon" ? w.wrongLongitude : null}
          onChange={setLon}
        />
        <TextField
          label={w.radius}
          value={radius}
          code
          error={wrong === "radius" ? w.wrongRadius : null}
          onChange={setRadius}
        />
      </div>
    </>
  );
}
