import { useEffect, useRef } from "preact/hooks";
import { symbolOf } from "./symbols";

/** A symbol of APP-6 beside words that say the same: a canvas, since the page takes no HTML. */
export function PlatformSymbol(props: { sidc: string }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const symbol = symbolOf(props.sidc);
    const drawn = symbol.asCanvas(devicePixelRatio);
    const { width, height } = symbol.getSize();
    drawn.style.width = `${width}px`;
    drawn.style.height = `${height}px`;
    place.current?.replaceChildren(drawn);
  }, [props.sidc]);
  return <span class="platform-symbol" ref={place} aria-hidden="true" />;
}
