/** Marks on the ground: dots and names as DOM elements, names that would overlap left out. */

import { type ScreenPoint, sphereOf, type Vec3, type View } from "./geometry";

export type MarkKind = "site" | "gateway" | "pop";

export interface Mark {
  readonly key: string;
  readonly kind: MarkKind;
  readonly name: string;
  readonly latDeg: number;
  readonly lonDeg: number;
  /** Read out with the name: "site", "gateway". */
  readonly what: string;
  readonly click?: () => void;
}

interface Placed {
  readonly mark: Mark;
  place: Vec3;
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  width: number;
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const NAME_HEIGHT = 16;
const GAP = 9;
const DOT = 6;
/** Two marks of one name within this many pixels need it once. */
const NEAR = 40;

/** Sides of a dot, the best one first. */
const SIDES = ["right", "left", "above", "below", "rising", "falling"] as const;
export type Side = (typeof SIDES)[number];

/** Where a name of a given width fits beside its dot without touching what stands already. */
export function fittingSide(
  dot: ScreenPoint,
  width: number,
  taken: readonly Box[],
): { side: Side; box: Box } | null {
  const boxes: Record<Side, Box> = {
    right: box(dot.x + GAP, dot.y - NAME_HEIGHT / 2, width),
    left: box(dot.x - GAP - width, dot.y - NAME_HEIGHT / 2, width),
    above: box(dot.x - width / 2, dot.y - GAP - NAME_HEIGHT, width),
    below: box(dot.x - width / 2, dot.y + GAP, width),
    rising: box(dot.x + DOT, dot.y - DOT - NAME_HEIGHT, width),
    falling: box(dot.x + DOT, dot.y + DOT, width),
  };
  for (const side of SIDES) {
    if (!taken.some((other) => overlap(other, boxes[side]))) return { side, box: boxes[side] };
  }
  return null;
}

function box(left: number, top: number, width: number): Box {
  return { left, top, right: left + width, bottom: top + NAME_HEIGHT };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** A mark outside of the window is none: the keyboard must not walk to what nobody sees. */
function within(view: View, point: ScreenPoint | null): ScreenPoint | null {
  if (!point || point.x < -DOT || point.y < -DOT) return null;
  return point.x > view.width + DOT || point.y > view.height + DOT ? null : point;
}

const RANK: Record<MarkKind, number> = { site: 0, pop: 1, gateway: 2 };

export class Labels {
  readonly #container: HTMLElement;
  #placed: Placed[] = [];
  /** Keys of marks whose names come first (those on the route shown). */
  #important: ReadonlySet<string> = new Set();

  constructor(container: HTMLElement) {
    this.#container = container;
  }

  set(marks: readonly Mark[]): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.key;
    this.#container.replaceChildren();
    const before = new Map(this.#placed.map((placed) => [placed.mark.key, placed]));
    this.#placed = marks.map((mark) => {
      const element = document.createElement(mark.click ? "button" : "div");
      element.className = `mark mark-${mark.kind}`;
      element.dataset.key = mark.key;
      if (mark.click) {
        (element as HTMLButtonElement).type = "button";
        element.setAttribute("aria-label", `${mark.what}: ${mark.name}`);
        element.addEventListener("click", mark.click);
      } else {
        element.setAttribute("aria-hidden", "true");
      }
      element.title = `${mark.what}: ${mark.name}`;
      const dot = document.createElement("span");
      dot.className = "mark-dot";
      const name = document.createElement("span");
      name.className = "mark-name";
      name.dir = "auto";
      name.textContent = mark.name;
      element.append(dot, name);
      this.#container.append(element);
      element.classList.toggle("mark-important", this.#important.has(mark.key));
      const old = before.get(mark.key);
      // In other words, but the same site: it stays where it has moved to.
      const same = old?.mark.latDeg === mark.latDeg && old.mark.lonDeg === mark.lonDeg;
      const place = same ? old.place : sphereOf(mark.latDeg, mark.lonDeg);
      return { mark, place, element, name, width: 0 };
    });
    for (const placed of this.#placed) placed.width = placed.name.offsetWidth;
    // Who walks through the marks with the keyboard stays where they were.
    if (focused) this.#find(focused)?.element.focus({ preventScroll: true });
  }

  #find(key: string): Placed | undefined {
    return this.#placed.find(({ mark }) => mark.key === key);
  }

  /** A site under way: its mark goes where it is. True if that is elsewhere than before. */
  move(key: string, latDeg: number, lonDeg: number): boolean {
    const placed = this.#find(key);
    if (!placed) return false;
    const place = sphereOf(latDeg, lonDeg);
    const moved = place.some((value, axis) => value !== placed.place[axis]);
    placed.place = place;
    return moved;
  }

  /** Where a mark stands, in the map's space; null if there is none of that key. */
  placeOf(key: string): Vec3 | null {
    return this.#find(key)?.place ?? null;
  }

  set important(keys: ReadonlySet<string>) {
    this.#important = keys;
    for (const { mark, element } of this.#placed) {
      element.classList.toggle("mark-important", keys.has(mark.key));
    }
  }

  /** Put every mark where the view has it. Gateways show their names only from close by. */
  place(view: View, allNames: boolean): void {
    const rank = ({ mark }: Placed) => (this.#important.has(mark.key) ? -1 : RANK[mark.kind]);
    const shown = this.#placed
      .toReversed()
      .map((placed) => ({ placed, point: within(view, view.project(placed.place)) }))
      .sort((a, b) => rank(a.placed) - rank(b.placed));
    const taken: Box[] = shown.flatMap(({ point, placed }) =>
      point && placed.mark.kind !== "gateway"
        ? [{ left: point.x - DOT, top: point.y - DOT, right: point.x + DOT, bottom: point.y + DOT }]
        : [],
    );
    const named: (ScreenPoint & { name: string })[] = [];
    for (const { placed, point } of shown) {
      const { element, mark } = placed;
      element.hidden = point === null;
      if (!point) continue;
      // Whole pixels: letters between two pixels look smeared.
      element.style.transform = `translate(${Math.round(point.x)}px, ${Math.round(point.y)}px)`;
      const said = named.some(
        (other) =>
          other.name === mark.name && Math.hypot(other.x - point.x, other.y - point.y) < NEAR,
      );
      const wanted = mark.kind !== "gateway" || allNames || this.#important.has(mark.key);
      const fit = wanted && !said ? fittingSide(point, placed.width, taken) : null;
      element.dataset.side = fit?.side ?? "none";
      if (!fit) continue;
      taken.push(fit.box);
      named.push({ name: mark.name, ...point });
    }
  }
}
