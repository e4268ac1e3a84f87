import { kitWords } from "./language";
import { readQr } from "./qr";

/** The QR code of an invitation, drawn dark on white whatever the theme: cameras need that. */
export function Qr(props: { svg: string; what: string }) {
  const t = kitWords.value;
  const drawing = readQr(props.svg);
  if (!drawing) return <p class="faint">{t.qrUnreadable}</p>;
  const { side, path } = drawing;
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={t.qrLabel(props.what)}>
      <path d={path} />
    </svg>
  );
}
