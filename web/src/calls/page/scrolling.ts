/** How a conversation scrolls: it stays at its end while it is there, and else where it is. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";

const NEAR_PX = 40;
const ABOVE_UNREAD_PX = 12;

/**
 * `atEnd` is kept here. `last` is the newest entry, `mine` whether it was written by oneself;
 * `first` is the first one that is shown.
 */
export function useScrolling(
  atEnd: { current: boolean },
  last: string,
  mine: boolean,
  first: string,
) {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef({ last, first, height: 0 });
  const size = useRef(0);
  const [below, setBelow] = useState(false);

  const toEnd = () => {
    atEnd.current = true;
    setBelow(false);
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  const scrolled = () => {
    const { current } = box;
    if (!current) return;
    if (atEnd.current && current.clientHeight !== size.current) {
      // Not somebody's scrolling: what stands around it has grown or shrunk.
      size.current = current.clientHeight;
      current.scrollTop = current.scrollHeight;
      return;
    }
    atEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < NEAR_PX;
    if (atEnd.current) setBelow(false);
  };

  useLayoutEffect(() => {
    const { current } = box;
    if (!current) return;
    size.current = current.clientHeight;
    before.current.height = current.scrollHeight;
    const mark = current.querySelector<HTMLElement>(".thread-unread");
    toEnd();
    if (mark && mark.offsetTop < current.scrollTop) {
      current.scrollTop = mark.offsetTop - ABOVE_UNREAD_PX;
      scrolled();
    }
    // A field that grows, a keyboard that comes: the end stays in sight.
    const resized = new ResizeObserver(() => {
      size.current = current.clientHeight;
      before.current.height = current.scrollHeight;
      if (atEnd.current) current.scrollTop = current.scrollHeight;
    });
    resized.observe(current);
    return () => resized.disconnect();
  }, []);

  useLayoutEffect(() => {
    const { current } = box;
    if (!current) return;
    const was = before.current;
    const newer = was.last !== last;
    // By where it stands: the browser tells of scrolling only with its next picture.
    if (current.clientHeight === size.current) {
      atEnd.current = was.height - current.scrollTop - current.clientHeight < NEAR_PX;
    }
    if (newer ? atEnd.current || mine : atEnd.current && was.height !== current.scrollHeight) {
      toEnd();
    } else if (was.first !== first && !newer) {
      // Earlier ones came above: what one looked at stays where it is.
      current.scrollTop += current.scrollHeight - was.height;
    } else if (newer) {
      setBelow(true);
    }
    before.current = { last, first, height: current.scrollHeight };
  });

  return { box, below, toEnd, scrolled };
}
