import { useEffect, useState } from "preact/hooks";
import {
  CopyButton,
  Form,
  Problem,
  Section,
  SubmitButton,
  TextField,
  useAct,
} from "../authority/kit";
import { makeHandset } from "./api";
import { numberOf } from "./circle";
import { place, placing } from "./state";
import { t } from "./words";

/** Makes phones for an exercise: each is a link, and the first browser that opens it is the phone. */
export function Handsets() {
  const w = t.value;
  const [name, setName] = useState("");
  const [lat, setLat] = useState("");
  const [lon, setLon] = useState("");
  const [wrong, setWrong] = useState(0);
  const [link, setLink] = useState<string | null>(null);
  const { busy, error, act } = useAct();
  const pressed = place.value;
  useEffect(() => {
    placing.value = "handset";
    return () => {
      placing.value = null;
      place.value = null;
    };
  }, []);
  useEffect(() => {
    if (!pressed) return;
    setLat(pressed[1].toFixed(4));
    setLon(pressed[0].toFixed(4));
  }, [pressed]);
  const [latitude, longitude] = [numberOf(lat), numberOf(lon)];
  const flaws = {
    name: name.trim() === "" ? w.nameNeeded : null,
    lat: Math.abs(latitude) <= 90 ? null : w.wrongLatitude,
    lon: Math.abs(longitude) <= 180 ? null : w.wrongLongitude,
  };
  const make = async () => {
    if (flaws.name || flaws.lat || flaws.lon) {
      setWrong((count) => count + 1);
      return;
    }
    await act(async () => {
      const made = await makeHandset(name.trim(), latitude, longitude);
      setLink(new URL(made.link, location.href).href);
      setName("");
      setWrong(0);
    });
  };
  return (
    <Section title={w.handsets} lead={w.handsetsLead}>
      <Form onSubmit={() => void make()} wrong={wrong || null} label={w.handsets}>
        <TextField
          label={w.handsetName}
          value={name}
          maxLength={60}
          required
          error={wrong ? flaws.name : null}
          onChange={setName}
        />
        <div class="form-row">
          <TextField
            label={w.latitude}
            value={lat}
            code
            error={wrong ? flaws.lat : null}
            onChange={setLat}
          />
          <TextField
            label={w.longitude}
            value={lon}
            code
            error={wrong ? flaws.lon : null}
            onChange={setLon}
          />
        </div>
        <p class="field-help">{w.handsetPlace}</p>
        {error ? <Problem error={error} /> : null}
        <div class="form-actions">
          <SubmitButton busy={busy}>{w.makeHandset}</SubmitButton>
        </div>
      </Form>
      {link ? (
        <div class="notice" role="status">
          <p>{w.handsetMade}</p>
          <output class="code">{link}</output>
          <div>
            <CopyButton text={link} label={w.copyLink} />
          </div>
        </div>
      ) : null}
    </Section>
  );
}
