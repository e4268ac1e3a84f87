import { marked } from "./marking";

/** A text with what was searched for marked in it. */
export function Marked(props: { text: string; wanted: string }) {
  return (
    <>
      {marked(props.text, props.wanted).map((piece, index) =>
        piece.found ? <mark key={index}>{piece.text}</mark> : piece.text,
      )}
    </>
  );
}
