import { useEffect, useState } from "preact/hooks";
import { Tabs, TextField } from "../authority/kit";
import { AreaContours } from "./AreaContours";
import { AreaDrawn } from "./AreaDrawn";
import { AreaSearch } from "./AreaSearch";
import { CircleArea } from "./CircleArea";
import type { Draft } from "./draft";
import type { AskedArea } from "./shapes";
import { place, placing } from "./state";
import { t } from "./words";

type Way = "search" | "draw" | "circle" | "contours";

/** Where the warning is for, in one of four ways. */
export function AreaPicker(props: { draft: Draft; onChange: (draft: Draft) => void }) {
  const w = t.value;
  const { draft } = props;
  const [way, setWay] = useState<Way>("search");
  useEffect(() => {
    placing.value = way === "draw" ? "corners" : way === "circle" ? "circle" : null;
    return () => {
      placing.value = null;
      place.value = null;
    };
  }, [way]);
  const take = (area: AskedArea | null, name = "") => {
    const values = { ...draft.values };
    // The place's name is what most templates ask for.
    if (name && !values.PLACE) values.PLACE = name;
    props.onChange({ ...draft, area, area_name: name || draft.area_name, values });
  };
  return (
    <>
      <Tabs<Way>
        label={w.areaWays}
        tabs={[
          { key: "search", title: w.waySearch },
          { key: "draw", title: w.wayDraw },
          { key: "circle", title: w.wayCircle },
          { key: "contours", title: w.wayContours },
        ]}
        chosen={way}
        onChoose={setWay}
      >
        {way === "search" ? <AreaSearch onTake={take} /> : null}
        {way === "draw" ? <AreaDrawn onTake={take} /> : null}
        {way === "circle" ? <CircleArea onTake={take} /> : null}
        {way === "contours" ? <AreaContours onTake={take} /> : null}
      </Tabs>
      <TextField
        label={w.areaName}
        help={w.areaNameHelp}
        value={draft.area_name}
        maxLength={300}
        onChange={(area_name) => props.onChange({ ...draft, area_name })}
      />
    </>
  );
}
