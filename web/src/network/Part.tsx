import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";

/** Of which level the headings of an edge's parts are: below a site among sites, or below the page. */
export const PartHeading = createContext<"h3" | "h4">("h4");

/** One part of what an edge tells, under its heading. */
export function Part(props: { title: string; class: string; children: ComponentChildren }) {
  const Heading = useContext(PartHeading);
  return (
    <section class={`told-part ${props.class}`}>
      <Heading>{props.title}</Heading>
      {props.children}
    </section>
  );
}
