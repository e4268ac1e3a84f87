/** POSIX seconds in a field of the browser's own clock (`datetime-local`), and back. */

const two = (value: number) => String(value).padStart(2, "0");

export function localOf(timeS: number | null): string {
  if (timeS === null) return "";
  const at = new Date(timeS * 1000);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** null for an empty field and for what is no time. */
export function timeOfLocal(text: string): number | null {
  const time = text === "" ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(time) ? null : Math.floor(time / 1000);
}
